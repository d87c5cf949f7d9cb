using ForgeShop.Contracts;

namespace ForgeShop.Users;

/// <summary>One login of a user, and the family of all refresh tokens that follow from it.</summary>
public sealed class Session
{
    public const string Reused = "reused";
    public const string LoggedOut = "logged-out";
    public const string PasswordChanged = "password-changed";
    public const string Deactivated = "deactivated";

    private Session()
    {
    }

    /// <summary>Derived from <see cref="UserId"/> and <see cref="IssuedAt"/>.</summary>
    public SessionId Id { get; private set; }

    public UserId UserId { get; private set; }

    /// <summary>Whole milliseconds.</summary>
    public DateTimeOffset IssuedAt { get; private set; }

    public DateTimeOffset ExpiresAt { get; private set; }

    /// <summary>Null while it goes on.</summary>
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>Why it ended before its time.</summary>
    public string? EndReason { get; private set; }

    public static Session Open(SessionId id, UserId user, DateTimeOffset issuedAt, TimeSpan lifetime) =>
        new() { Id = id, UserId = user, IssuedAt = issuedAt, ExpiresAt = issuedAt + lifetime };

    public bool IsOpen(DateTimeOffset now) => EndedAt is null && now < ExpiresAt;

    public void End(string reason, DateTimeOffset now)
    {
        if (EndedAt is not null)
            return;
        EndedAt = now;
        EndReason = reason;
    }
}
