using ForgeShop.TestSupport;

namespace ForgeShop.Messaging.Tests;

/// <summary>Starts services on the servers of the tests.</summary>
public abstract class MessagingTest(Servers servers)
{
    protected const string Topic = "counter.events";
    protected const string DeadLetterTopic = "counter.events.dlq";

    /// <summary>For tests about what happens after the last attempt.</summary>
    protected static readonly (string, string) TwoAttempts = ("Messaging:MaxAttempts", "2");

    protected Servers Servers => servers;

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Starts a service on a new database.</summary>
    protected Task<CounterService> StartAsync(KafkaServer kafka, params (string Key, string Value)[] settings) =>
        StartAsync(kafka, consumes: true, settings);

    /// <summary>Starts a service on a new database; if <paramref name="consumes"/> is false, it publishes only.</summary>
    protected async Task<CounterService> StartAsync(KafkaServer kafka, bool consumes, params (string Key, string Value)[] settings) =>
        await StartAsync(
            new CounterService { Kafka = kafka, Database = await servers.CreateDatabaseAsync(), Consumes = consumes, Settings = settings });

    protected static async Task<CounterService> StartAsync(CounterService service)
    {
        await service.StartAsync();
        return service;
    }

    protected static Task EventuallyAsync(string what, Func<bool> condition, TimeSpan? timeout = null) =>
        Eventually.True(what, _ => Task.FromResult(condition()), timeout, Cancelled);

    protected static IEnumerable<long> UpTo(int count) => Enumerable.Range(1, count).Select(number => (long)number);

    protected static List<Guid> NewCounters(int count) => [.. Enumerable.Range(0, count).Select(_ => Guid.NewGuid())];
}

/// <summary>The same, with a Kafka that the tests of the class share.</summary>
public abstract class SharedKafkaTest(Servers servers, Broker broker) : MessagingTest(servers), IClassFixture<Broker>
{
    protected KafkaServer Kafka => broker.Kafka;
}
