namespace DotNet.Testcontainers.Configurations;

/// <summary>What a builder has collected. The image is kept for the record only: the native server's version is the machine's.</summary>
public class ContainerConfiguration
{
    internal ContainerConfiguration()
    {
    }

    internal string Image { get; set; } = string.Empty;

    /// <summary>The fixed port on the host; null for one that is chosen at the start.</summary>
    internal int? HostPort { get; set; }

    internal Dictionary<string, string> Environment { get; set; } = [];

    internal IReadOnlyList<string> Command { get; set; } = [];

    internal ContainerConfiguration Clone()
    {
        var clone = (ContainerConfiguration)MemberwiseClone();
        clone.Environment = new(Environment);
        return clone;
    }
}
