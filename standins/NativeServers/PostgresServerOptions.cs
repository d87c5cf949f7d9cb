namespace ForgeShop.StandIns.NativeServers;

public sealed record PostgresServerOptions
{
    /// <summary>Where the data shall be; created if need be, and kept when the server stops.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The port on 127.0.0.1; null takes a free one.</summary>
    public int? Port { get; init; }

    /// <summary>The superuser. It is fixed when the data folder is made.</summary>
    public string UserName { get; init; } = "postgres";

    /// <summary>Its password; null generates one and keeps it, owner-only, in the data folder.</summary>
    public string? Password { get; init; }

    /// <summary>For tests: starts from a cached copy and does not wait for the disk. Data survives the server, but not the machine.</summary>
    public bool Fast { get; init; }

    public int MaxConnections { get; init; } = 300;

    /// <summary>Settings as in postgresql.conf, "name=value" each; they come last and so win.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Called for every line of the server's log.</summary>
    public Action<NativeProcessLine>? OnLine { get; init; }

    /// <summary>Called for the few things that the owner should know.</summary>
    public Action<string>? Log { get; init; }
}
