using ForgeShop.Contracts;
using ForgeShop.Messaging;

namespace ForgeShop.Users;

/// <summary>An account. The e-mail address is its name for good; the profile may change.</summary>
public sealed class User : IEventSource
{
    private User()
    {
    }

    /// <summary>Derived from <see cref="Email"/>.</summary>
    public UserId Id { get; private set; }

    /// <summary>In its canonical form.</summary>
    public string Email { get; private set; } = "";

    public string Name { get; private set; } = "";

    /// <summary>As the framework's password hasher writes it: algorithm, salt and rounds included.</summary>
    public string PasswordHash { get; private set; } = "";

    public Role Role { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>Null while the account can be used.</summary>
    public DateTimeOffset? DeactivatedAt { get; private set; }

    /// <summary>Counts the changes of this account: concurrency token, and what the cache compares.</summary>
    public long Version { get; private set; }

    public long LastSequence { get; set; }

    public IReadOnlyList<string> Permissions => Role.PermissionsOf();

    Guid IEventSource.AggregateId => Id.Value;

    public static User Register(UserId id, string email, string name, DateTimeOffset now, Role role = Role.Customer) => new()
    {
        Id = id,
        Email = email,
        Name = name,
        Role = role,
        // The database keeps microseconds; what is answered now must be what it answers later.
        CreatedAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
        Version = 1,
    };

    public void SetPassword(string hash)
    {
        PasswordHash = hash;
        Version++;
    }

    /// <summary>False when it was so already. There is no way back: the address stays taken, and what was ordered keeps its owner.</summary>
    public bool Deactivate(DateTimeOffset now)
    {
        if (DeactivatedAt is not null)
            return false;
        DeactivatedAt = now;
        Version++;
        return true;
    }

    /// <summary>False when that was the name already.</summary>
    public bool Rename(string name)
    {
        if (name == Name)
            return false;
        Name = name;
        Version++;
        return true;
    }
}
