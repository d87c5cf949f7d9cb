namespace ForgeShop.ServiceDefaults;

/// <summary>
/// The body of a call that needs none, as an optional parameter: without a body or with <c>{}</c> it is served, and a member is refused
/// by its name, since whoever sent it meant something by it.
/// </summary>
public sealed record NoMembers;
