namespace ForgeShop.StandIns.NativeServers;

public sealed record KafkaBrokerOptions
{
    /// <summary>Where the run file shall be, so that a broker left behind is found. The data is in memory only.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The port on 127.0.0.1; null takes a free one.</summary>
    public int? Port { get; init; }

    /// <summary>Partitions of topics that nobody declared.</summary>
    public int DefaultPartitions { get; init; } = 12;

    /// <summary>Topics to create at once, with their partitions.</summary>
    public IReadOnlyDictionary<string, int> Topics { get; init; } = new Dictionary<string, int>();

    /// <summary>Called for every line of the broker's log.</summary>
    public Action<NativeProcessLine>? OnLine { get; init; }

    /// <summary>Called for the few things that the owner should know.</summary>
    public Action<string>? Log { get; init; }
}
