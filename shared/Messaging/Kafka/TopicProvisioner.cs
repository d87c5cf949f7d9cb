using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ForgeShop.Contracts.Events;
using ForgeShop.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>Creates the topics of this service, and their dead-letter topics, with the configured number of partitions.</summary>
internal sealed class TopicProvisioner(
    KafkaSettings settings, IReadOnlyList<string> topics, MessagingHealth health, IOptions<MessagingOptions> options, TimeProvider time, ILogger<TopicProvisioner> logger)
    : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private readonly Lazy<IAdminClient> _admin = new(() => new AdminClientBuilder(settings.Admin())
        .SetLogHandler((_, line) => logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message)).Build());

    /// <summary>Returns when all topics exist. Tries again, with backoff, while Kafka cannot be reached.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CreateAsync(cancellationToken);
                health.Clear(KafkaClient.Admin);
                return;
            }
            catch (KafkaException exception)
            {
                health.Report(KafkaClient.Admin, exception.Error.Reason);
                var delay = Backoff.After(attempt, options.Value.MinBackoff, options.Value.MaxBackoff);
                logger.LogDebug("Creating topics failed (attempt {Attempt}): {Reason}; retrying in {Delay}", attempt, exception.Error.Reason, delay);
                await Task.Delay(delay, time, cancellationToken);
            }
        }
    }

    /// <summary>Returns the ID of the cluster; another one after Kafka lost its data.</summary>
    /// <exception cref="KafkaException">Kafka cannot be reached.</exception>
    public async Task<string> ClusterIdAsync(CancellationToken cancellationToken) =>
        (await _admin.Value.DescribeClusterAsync(new() { RequestTimeout = RequestTimeout }).WaitAsync(cancellationToken)).ClusterId;

    /// <summary>Returns whether a broker answers.</summary>
    public bool Answers(TimeSpan timeout)
    {
        try
        {
            return _admin.Value.GetMetadata("forgeshop-health", timeout).Brokers.Count > 0;
        }
        catch (KafkaException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (_admin.IsValueCreated)
            _admin.Value.Dispose();
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        var specifications = topics.Concat(topics.Select(Topics.DeadLetters)).Select(topic => new TopicSpecification
        {
            Name = topic, NumPartitions = options.Value.Partitions, ReplicationFactor = options.Value.ReplicationFactor,
        });
        try
        {
            await _admin.Value.CreateTopicsAsync(specifications, new() { RequestTimeout = RequestTimeout }).WaitAsync(cancellationToken);
        }
        catch (CreateTopicsException exception) when (exception.Results.TrueForAll(result => !result.Error.IsError || result.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Created earlier, or by another service: topics are shared.
        }
    }
}
