namespace ForgeShop.Users;

/// <summary>Failed logins to one account from one address since the last that succeeded.</summary>
public sealed class LoginFailures
{
    private LoginFailures()
    {
    }

    /// <summary>SHA-256 over account and address, so that the table contains neither.</summary>
    public byte[] Key { get; private set; } = [];

    public int Count { get; private set; }

    public DateTimeOffset LastAt { get; private set; }
}
