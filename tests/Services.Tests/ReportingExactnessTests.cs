using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Reporting.Log;
using ForgeShop.Reporting.Models;
using ForgeShop.Reporting.Rebuild;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ForgeShop.Services.Tests;

/// <summary>The read models equal the plain fold of the event log, whatever happens on the way: against a real store, without Kafka.</summary>
public sealed class ReportingExactnessTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Random Seeded(out int seed)
    {
        seed = Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        return new Random(seed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Read_models_equal_the_plain_fold_after_crashes_redelivery_and_duplicates(int consumers)
    {
        var random = Seeded(out var seed);
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("exactness"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var brittle = new BrittleStore(store, random);
        var history = new ReportingHistory(random, orders: 60);

        await Task.WhenAll(Enumerable.Range(0, consumers).Select(_ => ConsumeAsync(brittle, history, random.Next(), maxBatch: 12)));

        brittle.Interruptions.ShouldBeGreaterThan(0, $"seed {seed}");
        await ShouldEqualThePlainFoldAsync(store, history, seed);
    }

    [Fact]
    public async Task Rebuilds_beside_consumers_lose_and_double_nothing()
    {
        var random = Seeded(out var seed);
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("rebuild"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var brittle = new BrittleStore(store, random);
        var history = new ReportingHistory(random, orders: 80);
        using var consumed = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var rebuilds = Enumerable.Range(0, 2).Select(_ => RebuildAsync(brittle, random.Next(), consumed.Token)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => ConsumeAsync(brittle, history, random.Next(), maxBatch: 12)));
        await consumed.CancelAsync();
        await Task.WhenAll(rebuilds);

        var state = (await new ReadModelStates(store).ReadAsync(Cancellation)).Value;
        state.Generation.ShouldBeGreaterThan(2, $"seed {seed}: otherwise nothing was rebuilt in between");
        state.Rebuild!.Status.ShouldBe(RebuildStatus.Complete, $"seed {seed}");
        await ShouldEqualThePlainFoldAsync(store, history, seed);
    }

    [Fact]
    public async Task Rebuild_equals_the_incremental_result_and_removes_the_old_generation()
    {
        var random = Seeded(out var seed);
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("rebuilt"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        await ConsumeAsync(store, new ReportingHistory(random, orders: 60), random.Next());
        var replica = new ReportingReplica(store);
        var incremental = await replica.DumpAsync(Cancellation);
        var time = new Clock();
        var rebuild = new ReadModelRebuild(replica.Models, replica.States, time, NullLogger<ReadModelRebuild>.Instance);

        await StartAsync(replica, time);
        await rebuild.RunAsync(Cancellation);

        (await replica.States.ReadAsync(Cancellation)).Value.ShouldSatisfyAllConditions(
            state => state.Generation.ShouldBe(2), state => state.Rebuild!.Status.ShouldBe(RebuildStatus.Complete), state => state.Obsolete.ShouldBe([1]));
        (await replica.DumpAsync(Cancellation)).ShouldBe(incremental, $"seed {seed}");
        (await ReportingReplica.AllAsync(replica.Models.Get(1).Orders, Cancellation)).ShouldNotBeEmpty("requests that began before may still read it");

        time.Now += ReadModelRebuild.Grace + TimeSpan.FromSeconds(1);
        await rebuild.RunAsync(Cancellation);
        (await replica.States.ReadAsync(Cancellation)).Value.Obsolete.ShouldBeEmpty();
        (await ReportingReplica.AllAsync(new ReportingReplica(store).Models.Get(1).Orders, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Rebuild_of_a_killed_replica_is_taken_over_when_its_lease_ends()
    {
        var random = Seeded(out _);
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("killed"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var history = new ReportingHistory(random, orders: 20);
        await ConsumeAsync(store, history, random.Next());
        var replica = new ReportingReplica(store);
        var incremental = await replica.DumpAsync(Cancellation);
        var time = new Clock();
        await StartAsync(replica, time);
        // The other replica folded one partition and was killed.
        var read = await replica.States.ReadAsync(Cancellation);
        await replica.States.TryWriteAsync(
            read, read.Value with { Rebuild = read.Value.Rebuild! with { Worker = Guid.NewGuid(), LeaseUntil = time.Now + ReadModelRebuild.Lease } }, Cancellation);
        await replica.Models.Get(2).CatchUpAsync(history.Partitions.Keys.First(), long.MaxValue, null, Cancellation);

        var rebuild = new ReadModelRebuild(replica.Models, replica.States, time, NullLogger<ReadModelRebuild>.Instance);
        (await rebuild.RunAsync(Cancellation)).ShouldBeFalse("the lease of the other replica has not ended");
        (await replica.States.ReadAsync(Cancellation)).Value.Generation.ShouldBe(1);

        time.Now += ReadModelRebuild.Lease;
        await rebuild.RunAsync(Cancellation);
        (await replica.States.ReadAsync(Cancellation)).Value.Generation.ShouldBe(2);
        (await replica.DumpAsync(Cancellation)).ShouldBe(incremental);
    }

    [Fact]
    public async Task Rebuild_that_fails_is_marked_and_the_old_read_models_serve_on()
    {
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("failed"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var replica = new ReportingReplica(store);
        var placed = new ReportingHistory(new Random(1), orders: 1).Partitions.Values.SelectMany(all => all).First(recorded => recorded.Type == OrderPlaced.Type);
        await replica.HandleAsync([placed], Cancellation);
        // A record that this release cannot read, as a newer one left it.
        var events = store.Collection(RecordedEvent.Model);
        var record = await events.GetAsync(placed.Id.Value, Cancellation);
        await events.BulkUpsertAsync([record! with { Value = record.Value with { DataVersion = 99 } }], Cancellation);
        var time = new Clock();
        await StartAsync(replica, time);

        await new ReadModelRebuild(replica.Models, replica.States, time, NullLogger<ReadModelRebuild>.Instance).RunAsync(Cancellation);

        var state = (await replica.States.ReadAsync(Cancellation)).Value;
        (state.Generation, state.Rebuild!.Status).ShouldBe((1, RebuildStatus.Failed));
        state.Rebuild.Error.ShouldNotBeNull().ShouldContain("99");
        state.Obsolete.ShouldBe([2]);
    }

    /// <summary>
    /// Reads all partitions as one consumer does: batches of any size and mix, in the order of each log. An interruption repeats the batch or, as after a
    /// restart, begins again at an earlier offset with nothing in memory.
    /// </summary>
    private static async Task ConsumeAsync(IDocumentStore store, ReportingHistory history, int seed, int maxBatch = 40)
    {
        var random = new Random(seed);
        var replica = new ReportingReplica(store);
        var next = history.Partitions.Keys.ToDictionary(partition => partition, _ => 0);
        while (next.Any(partition => partition.Value < history.Partitions[partition.Key].Count))
        {
            var taken = new Dictionary<string, int>(next);
            var batch = new List<RecordedEvent>();
            for (var size = 1 + random.Next(maxBatch); size > 0; size--)
            {
                var ready = taken.Where(partition => partition.Value < history.Partitions[partition.Key].Count).Select(partition => partition.Key).ToList();
                if (ready.Count == 0)
                    break;
                var partition = ready[random.Next(ready.Count)];
                batch.Add(history.Partitions[partition][taken[partition]++]);
            }
            try
            {
                await replica.HandleAsync(batch, Cancellation);
                next = taken;
            }
            catch (InterruptedException)
            {
                if (random.Next(8) > 0)
                    continue;
                replica = new ReportingReplica(store);
                next = next.ToDictionary(partition => partition.Key, partition => random.Next(partition.Value + 1));
            }
            if (random.Next(10) == 0)
                next = next.ToDictionary(partition => partition.Key, partition => Math.Max(0, partition.Value - random.Next(10)));
        }
    }

    /// <summary>Requests and runs rebuilds as a replica does, until consumers are done and the last rebuild is complete.</summary>
    private static async Task RebuildAsync(IDocumentStore store, int seed, CancellationToken consumed)
    {
        var random = new Random(seed);
        while (true)
        {
            // A new replica each time: as if the one before was killed. Its clock is ahead, so that it takes over at once.
            var replica = new ReportingReplica(store);
            var time = new Clock { Now = DateTimeOffset.UtcNow + TimeSpan.FromHours(1) };
            try
            {
                var state = (await replica.States.ReadAsync(Cancellation)).Value;
                if (state.Rebuild?.Status is RebuildStatus.Complete or null)
                {
                    if (consumed.IsCancellationRequested)
                        return;
                    await StartAsync(replica, time);
                }
                await Task.Delay(random.Next(20), Cancellation);
                await new ReadModelRebuild(replica.Models, replica.States, time, NullLogger<ReadModelRebuild>.Instance).RunAsync(Cancellation);
            }
            catch (InterruptedException)
            {
                // The next replica goes on.
            }
        }
    }

    private static async Task StartAsync(ReportingReplica replica, Clock time)
    {
        var read = await replica.States.ReadAsync(Cancellation);
        var rebuild = new RebuildState(Math.Max(read.Value.Generation, read.Value.Rebuild?.Generation ?? 0) + 1, RebuildStatus.Folding, time.Now);
        await replica.States.TryWriteAsync(read, read.Value with { Rebuild = rebuild }, Cancellation);
    }

    private static async Task ShouldEqualThePlainFoldAsync(IDocumentStore store, ReportingHistory history, int seed)
    {
        var log = (await ReportingReplica.AllAsync(store.Collection(RecordedEvent.Model), Cancellation)).Select(document => document.Value).ToList();
        log.Select(recorded => recorded.Id).ShouldBe(history.Partitions.Values.SelectMany(events => events).Select(recorded => recorded.Id).Distinct(), ignoreOrder: true);

        var actual = await new ReportingReplica(store).DumpAsync(Cancellation);
        foreach (var (document, expected) in ReportingReplica.PlainFold(log))
            actual.GetValueOrDefault(document).ShouldBe(expected, $"seed {seed}: {document}");
        actual.Count.ShouldBe(ReportingReplica.PlainFold(log).Count);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
