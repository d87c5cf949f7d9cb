namespace ForgeShop.Users;

/// <summary>The role of an account, which determines its permissions. Stored by name, in lower case.</summary>
public enum Role
{
    Customer,
    Administrator,
}

public static class Roles
{
    public static IReadOnlyList<string> PermissionsOf(this Role role) => role switch
    {
        Role.Customer => Permissions.OfCustomers,
        Role.Administrator => Permissions.OfAdministrators,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "There is no such role."),
    };
}
