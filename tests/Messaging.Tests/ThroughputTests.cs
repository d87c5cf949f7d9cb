using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Messaging.Tests;

public sealed class ThroughputTests(Servers servers)
{
    private const int Counters = 1000;
    private const int EventsEach = 5;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_aggregates_with_five_events_each_are_all_published_and_handled_once()
    {
        await using var broker = new KafkaServer();
        var (database, output) = (await servers.CreateDatabaseAsync(), TestContext.Current.TestOutputHelper!);
        await using (var writer = Service(database, broker, consumes: false)) // Its broker is not there: everything stays in the outbox.
        {
            await writer.StartAsync();
            await Parallel.ForAsync(0, Counters, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => await writer.CountAsync(Guid.NewGuid(), EventsEach));
        }
        await broker.StartAsync(Cancelled);

        var started = TimeProvider.System.GetTimestamp();
        await using var service = Service(database, broker, consumes: true);
        await service.StartAsync();
        await EventuallyAsync(service, db => db.Outbox.CountAsync(message => message.Status == OutboxStatus.Published));
        var published = TimeProvider.System.GetElapsedTime(started);
        await EventuallyAsync(service, db => db.Effects.CountAsync());
        var handled = TimeProvider.System.GetElapsedTime(started);

        output.WriteLine($"{Counters * EventsEach} events published in {published.TotalSeconds:0.00} s ({Counters * EventsEach / published.TotalSeconds:0}/s), handled in {handled.TotalSeconds:0.00} s ({Counters * EventsEach / handled.TotalSeconds:0}/s), the start included");
    }

    private static Task EventuallyAsync(EntityFrameworkCounters service, Func<CountersDb, Task<int>> count) => Eventually.Get(
        "all events", _ => service.InScopeAsync(count), reached => reached == Counters * EventsEach, cancellationToken: Cancelled);

    private static EntityFrameworkCounters Service(string database, KafkaServer broker, bool consumes) =>
        new() { Name = "throughput", Database = database, Kafka = broker.BootstrapServers, Consumes = consumes };
}
