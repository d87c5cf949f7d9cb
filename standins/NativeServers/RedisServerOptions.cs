namespace ForgeShop.StandIns.NativeServers;

public sealed record RedisServerOptions
{
    /// <summary>Where the data shall be; created if need be, and kept when the server stops.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The port on 127.0.0.1; null takes a free one.</summary>
    public int? Port { get; init; }

    /// <summary>Null asks nobody for a password.</summary>
    public string? Password { get; init; }

    /// <summary>For tests: no append-only file, only a snapshot on a clean stop.</summary>
    public bool Fast { get; init; }

    /// <summary>Called for every line of the server's log.</summary>
    public Action<NativeProcessLine>? OnLine { get; init; }

    /// <summary>Called for the few things that the owner should know.</summary>
    public Action<string>? Log { get; init; }
}
