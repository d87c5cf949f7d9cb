using Confluent.Kafka.Admin;

namespace ForgeShop.Messaging;

/// <summary>Creates the topics of this service, and their dead-letter topics, with the configured number of partitions.</summary>
internal sealed class TopicProvisioner(
    KafkaSettings settings, MessagingModel model, IOptions<MessagingOptions> options, TimeProvider time, ILogger<TopicProvisioner> logger)
    : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromMilliseconds(500);

    private readonly Lazy<IAdminClient> _admin = new(() => new AdminClientBuilder(settings.Admin())
        .SetLogHandler((_, line) => logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message)).Build());

    /// <summary>
    /// Creates the topics that do not exist; tries again, with backoff, while Kafka cannot be reached. Returns the ID of the cluster.
    /// </summary>
    public async Task<string> EnsureAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CreateAsync(cancellationToken);
                return await ClusterIdAsync(cancellationToken);
            }
            catch (KafkaException exception)
            {
                logger.LogDebug("Creating topics failed (attempt {Attempt}): {Reason}", attempt, exception.Error.Reason);
                await Task.Delay(Backoff.After(attempt, options.Value.MinBackoff, options.Value.MaxBackoff), time, cancellationToken);
            }
        }
    }

    /// <summary>Creates the topics that do not exist.</summary>
    /// <exception cref="KafkaException">Kafka cannot be reached, or refuses a topic.</exception>
    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        var specifications = model.Topics.Concat(model.Topics.Select(Topics.DeadLetters)).Select(topic => new TopicSpecification
        {
            Name = topic, NumPartitions = options.Value.Partitions, ReplicationFactor = options.Value.ReplicationFactor,
        });
        try
        {
            await _admin.Value.CreateTopicsAsync(specifications, new() { RequestTimeout = RequestTimeout }).WaitAsync(cancellationToken);
        }
        catch (CreateTopicsException exception)
            when (exception.Results.TrueForAll(result => result.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            // Created earlier, or by another service: topics are shared.
        }
    }

    /// <summary>Returns whether Kafka answers without delay.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ClusterIdAsync(cancellationToken).WaitAsync(ProbeTimeout, time, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is KafkaException or TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Returns the ID of the cluster; another one after Kafka lost its data.</summary>
    private async Task<string> ClusterIdAsync(CancellationToken cancellationToken) =>
        (await _admin.Value.DescribeClusterAsync(new() { RequestTimeout = RequestTimeout }).WaitAsync(cancellationToken)).ClusterId;

    public void Dispose()
    {
        if (_admin.IsValueCreated)
            _admin.Value.Dispose();
    }
}
