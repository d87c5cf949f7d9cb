namespace ForgeShop.Users;

/// <summary>An account. The e-mail address never changes; the profile may change.</summary>
public sealed class User : IEventSource
{
    private User()
    {
    }

    /// <summary>The ID, derived from <see cref="Email"/>.</summary>
    public UserId Id { get; private set; }

    /// <summary>The e-mail address in canonical form.</summary>
    public string Email { get; private set; } = "";

    public string Name { get; private set; } = "";

    /// <summary>The output of the framework's password hasher: algorithm, salt and iterations included.</summary>
    public string PasswordHash { get; private set; } = "";

    public Role Role { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }

    public DateTimeOffset? DeactivatedAt { get; private set; }

    /// <summary>The number of changes: the concurrency token, and the version in the cache.</summary>
    public long Version { get; private set; }

    public long LastSequence { get; set; }

    public IReadOnlyList<string> Permissions => Role is Role.Administrator ? Api.Permissions.OfAdministrators : Api.Permissions.OfCustomers;

    Guid IEventSource.AggregateId => Id.Value;

    public static User Register(UserId id, string email, string name, DateTimeOffset now, Role role = Role.Customer) => new()
    {
        Id = id,
        Email = email,
        Name = name,
        Role = role,
        CreatedAt = now.AsStored(),
        Version = 1,
    };

    public void SetPassword(string hash)
    {
        PasswordHash = hash;
        Version++;
    }

    /// <summary>Closes the account permanently; the address stays taken. Returns false if it was already closed.</summary>
    public bool Deactivate(DateTimeOffset now)
    {
        if (DeactivatedAt is not null)
            return false;
        DeactivatedAt = now;
        Version++;
        return true;
    }

    /// <summary>Changes the name. Returns false if the name is the same.</summary>
    public bool Rename(string name)
    {
        if (name == Name)
            return false;
        Name = name;
        Version++;
        return true;
    }
}

/// <summary>The role of an account, which determines its permissions. Stored by name, in lower case.</summary>
public enum Role
{
    Customer,
    Administrator,
}
