using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using ForgeShop.StandIns.NativeServers;

namespace Testcontainers.Kafka;

public sealed class KafkaConfiguration : ContainerConfiguration;

public sealed class KafkaBuilder : ContainerBuilder<KafkaBuilder, KafkaContainer, KafkaConfiguration>
{
    public const ushort KafkaPort = 9092;

    [Obsolete("Obsolete in the original, too: name the image.")]
    public KafkaBuilder()
        : this("confluentinc/cp-kafka:7.5.12")
    {
    }

    public KafkaBuilder(string image)
        : this(new KafkaConfiguration { Image = image })
    {
    }

    private KafkaBuilder(KafkaConfiguration configuration)
        : base(configuration)
    {
    }

    public override KafkaContainer Build() => new(DockerResourceConfiguration);

    private protected override KafkaBuilder Create(KafkaConfiguration configuration) => new(configuration);
}

/// <summary>Unlike the original, it comes back empty when it is stopped and started again.</summary>
public sealed class KafkaContainer : DockerContainer
{
    /// <summary>The images' own defaults; KAFKA_NUM_PARTITIONS raises it in both.</summary>
    private const int DefaultPartitions = 1;

    private readonly KafkaConfiguration configuration;

    public KafkaContainer(KafkaConfiguration configuration)
        : base(configuration, KafkaBuilder.KafkaPort) => this.configuration = configuration;

    public string GetBootstrapAddress() => new UriBuilder("PLAINTEXT", Hostname, GetMappedPublicPort(KafkaBuilder.KafkaPort)).ToString();

    private protected override async Task<INativeServer> StartServerAsync(string folder, int? port, CancellationToken ct) =>
        await KafkaBroker.StartAsync(
            new KafkaBrokerOptions
            {
                DataFolder = folder,
                Port = port,
                DefaultPartitions = configuration.Environment.TryGetValue("KAFKA_NUM_PARTITIONS", out var partitions)
                    ? int.Parse(partitions, System.Globalization.CultureInfo.InvariantCulture)
                    : DefaultPartitions,
            },
            ct);
}
