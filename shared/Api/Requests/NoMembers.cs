namespace ForgeShop.Api;

/// <summary>
/// The optional body of a call that has no parameters. No body and <c>{}</c> are accepted; a member is refused and named, because the
/// client expects an effect of it.
/// </summary>
public sealed record NoMembers;
