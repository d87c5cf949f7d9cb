using ForgeShop.Contracts.Events;
using ForgeShop.Databases;
using ForgeShop.Documents;
using ForgeShop.Reporting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ForgeShop.Services.Tests;

/// <summary>The read models equal the plain fold of the event log under every fault; on a real store, without Kafka.</summary>
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
        var interruptions = 0;
        var brittle = InterceptedStore.Brittle(store, random, () => interruptions++);
        var history = new ReportingHistory(random, orders: 60);

        // Each reads all partitions: they write the same documents at the same time.
        await Task.WhenAll(Enumerable.Range(0, consumers)
            .Select(_ => ConsumeAsync(brittle, history, history.Partitions.Keys, random.Next(), maxBatch: 12)));

        interruptions.ShouldBeGreaterThan(0, $"seed {seed}");
        await ShouldEqualThePlainFoldAsync(store, history, seed);
    }

    [Fact]
    public async Task Rebuilds_beside_consumers_lose_and_double_nothing()
    {
        var random = Seeded(out var seed);
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("rebuild"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var brittle = InterceptedStore.Brittle(store, random, () => { });
        var history = new ReportingHistory(random, orders: 80);
        using var consumed = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var rebuilds = Enumerable.Range(0, 2).Select(_ => RebuildAsync(brittle, random.Next(), consumed.Token)).ToList();
        await Task.WhenAll(history.Partitions.Keys.GroupBy(partition => partition.Length % 2)
            .Select(own => ConsumeAsync(brittle, history, own, random.Next(), maxBatch: 12)));
        await consumed.CancelAsync();
        await Task.WhenAll(rebuilds);

        var state = (await new ReportingReplica(store).Models.ReadStateAsync(Cancellation)).Value;
        state.Generation.ShouldBeGreaterThan(2, $"seed {seed}: otherwise nothing was rebuilt in between");
        state.Rebuild!.Status.ShouldBe(RebuildStatus.Complete, $"seed {seed}");
        await ShouldEqualThePlainFoldAsync(store, history, seed);
    }

    [Theory]
    [InlineData("before the activation")]
    [InlineData("before and after the activation")]
    [InlineData("across the activation")]
    public async Task Batches_around_the_activation_are_in_the_new_generation(string place)
    {
        var random = Seeded(out var seed);
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("activation"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var history = new ReportingHistory(random, orders: 30);
        var parts = Enumerable.Range(0, 3)
            .Select(part => history.Partitions.Values
                .SelectMany(events => events.Chunk((events.Count / 3) + 1).ElementAtOrDefault(part) ?? []).ToList()).ToList();
        var (time, writes) = (new FakeTimeProvider(), 0);
        var consumer = new ReportingReplica(store);
        await consumer.HandleAsync(parts[0], Cancellation);
        await consumer.Models.TryStartRebuildAsync(time.GetUtcNow(), Cancellation);

        if (place == "across the activation")
        {
            var other = new ReportingReplica(store);
            // Everything is written but the checkpoints of the old generation.
            var intercepted = new InterceptedStore(store,
                collection => collection == "checkpoints" ? RunAsync(other, time) : Task.CompletedTask, _ => Task.CompletedTask);
            await new ReportingReplica(intercepted).HandleAsync(parts[1], Cancellation);
            await consumer.HandleAsync(parts[2], Cancellation);
        }
        else
        {
            // The first write to the state is the activation.
            var intercepted = new InterceptedStore(
                store,
                collection =>
                    collection == "read_models" && ++writes == 1 ? consumer.HandleAsync(parts[1], Cancellation) : Task.CompletedTask,
                collection => collection == "read_models" && writes == 1 && place != "before the activation"
                    ? consumer.HandleAsync(parts[2], Cancellation) : Task.CompletedTask);
            var replica = new ReportingReplica(intercepted);
            await RunAsync(replica, time);
            if (place == "before the activation")
                (await consumer.DumpAsync(Cancellation)).Count.ShouldBe(
                    ReportingReplica.PlainFold(await LogAsync(store)).Count, $"seed {seed}");
            await consumer.HandleAsync(parts[2], Cancellation);
        }

        (await consumer.Models.ReadStateAsync(Cancellation)).Value.Generation.ShouldBe(2);
        await ShouldEqualThePlainFoldAsync(store, history, seed);
    }

    [Fact]
    public async Task Rebuild_equals_the_incremental_result_and_removes_the_old_generation()
    {
        var random = Seeded(out var seed);
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("rebuilt"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var history = new ReportingHistory(random, orders: 60);
        await ConsumeAsync(store, history, history.Partitions.Keys, random.Next());
        var replica = new ReportingReplica(store);
        var incremental = await replica.DumpAsync(Cancellation);
        var time = new FakeTimeProvider();

        await replica.Models.TryStartRebuildAsync(time.GetUtcNow(), Cancellation);
        await RunAsync(replica, time);

        (await replica.Models.ReadStateAsync(Cancellation)).Value.ShouldSatisfyAllConditions(
            state => state.Generation.ShouldBe(2), state =>
                state.Rebuild!.Status.ShouldBe(RebuildStatus.Complete), state => state.Obsolete.ShouldBe([1]));
        (await replica.DumpAsync(Cancellation)).ShouldBe(incremental, $"seed {seed}");
        (await ReportingReplica.AllAsync(replica.Models.Get(1).Orders, Cancellation))
            .ShouldNotBeEmpty("requests that began before may still read it");

        time.Advance(RebuildWorker.Grace + TimeSpan.FromSeconds(1));
        await RunAsync(replica, time);
        (await replica.Models.ReadStateAsync(Cancellation)).Value.Obsolete.ShouldBeEmpty();
        (await ReportingReplica.AllAsync(new ReportingReplica(store).Models.Get(1).Orders, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Rebuild_of_a_killed_replica_is_continued()
    {
        var random = Seeded(out _);
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("killed"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var history = new ReportingHistory(random, orders: 20);
        await ConsumeAsync(store, history, history.Partitions.Keys, random.Next());
        var incremental = await new ReportingReplica(store).DumpAsync(Cancellation);
        var time = new FakeTimeProvider();
        await new ReportingReplica(store).Models.TryStartRebuildAsync(time.GetUtcNow(), Cancellation);
        // One replica is killed in the middle of a batch, the next one before the activation, the third one after it.
        var writes = 0;
        foreach (var (kill, at) in new[] { ("customers_2", 1), ("read_models", 1), ("read_models", 2) })
        {
            writes = 0;
            var broken = new InterceptedStore(store,
                name => name == kill && ++writes == at ? throw new InterruptedException() : Task.CompletedTask, _ => Task.CompletedTask);
            await Should.ThrowAsync<InterruptedException>(() => RunAsync(new ReportingReplica(broken), time));
        }

        await RunAsync(new ReportingReplica(store), time);

        (await new ReportingReplica(store).Models.ReadStateAsync(Cancellation)).Value.ShouldSatisfyAllConditions(
            state => state.Generation.ShouldBe(2), state => state.Rebuild!.Status.ShouldBe(RebuildStatus.Complete));
        (await new ReportingReplica(store).DumpAsync(Cancellation)).ShouldBe(incremental);
    }

    [Fact]
    public async Task Rebuild_that_fails_is_marked_and_the_old_read_models_serve_on()
    {
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("failed"));
        var store = host.Services.GetRequiredService<IDocumentStore>();
        var replica = new ReportingReplica(store);
        var placed = new ReportingHistory(new Random(1), orders: 1).Partitions.Values.SelectMany(all => all)
            .First(recorded => recorded.Type == OrderPlaced.Type);
        await replica.HandleAsync([placed], Cancellation);
        // A record that this release cannot read, as a newer one left it.
        var events = store.Collection(RecordedEvent.Model);
        var record = await events.GetAsync(placed.Id.Value, Cancellation);
        await events.BulkUpsertAsync([record! with { Value = record.Value with { DataVersion = 99 } }], Cancellation);
        var time = new FakeTimeProvider();
        await replica.Models.TryStartRebuildAsync(time.GetUtcNow(), Cancellation);

        await RunAsync(replica, time);

        var state = (await replica.Models.ReadStateAsync(Cancellation)).Value;
        (state.Generation, state.Rebuild!.Status).ShouldBe((1, RebuildStatus.Failed));
        state.Rebuild.Error.ShouldNotBeNull().ShouldContain("99");
        state.Obsolete.ShouldBe([2]);
    }

    /// <summary>
    /// Reads partitions as one consumer does: batches of any size and mix, in the order of each log. An interruption repeats the batch or,
    /// as after a restart, begins again at an earlier offset with nothing in memory.
    /// </summary>
    private static async Task ConsumeAsync(
        IDocumentStore store, ReportingHistory history, IEnumerable<string> partitions, int seed, int maxBatch = 40)
    {
        var random = new Random(seed);
        var replica = new ReportingReplica(store);
        var next = partitions.ToDictionary(partition => partition, _ => 0);
        while (next.Any(partition => partition.Value < history.Partitions[partition.Key].Count))
        {
            var taken = new Dictionary<string, int>(next);
            var batch = new List<RecordedEvent>();
            for (var size = 1 + random.Next(maxBatch); size > 0; size--)
            {
                var ready = taken.Where(partition => partition.Value < history.Partitions[partition.Key].Count)
                    .Select(partition => partition.Key).ToList();
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
            // A new replica each time: as if the one before was killed. Its clock is ahead, so that it removes old generations at once.
            var replica = new ReportingReplica(store);
            var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
            try
            {
                var state = (await replica.Models.ReadStateAsync(Cancellation)).Value;
                if (state.Rebuild?.Status is RebuildStatus.Complete or null)
                {
                    if (consumed.IsCancellationRequested)
                        return;
                    await replica.Models.TryStartRebuildAsync(time.GetUtcNow(), Cancellation);
                }
                await Task.Delay(random.Next(20), Cancellation);
                await RunAsync(replica, time);
            }
            catch (InterruptedException)
            {
                // The next replica goes on.
            }
        }
    }

    /// <summary>Runs the steps that are due, as the worker of a replica does.</summary>
    private static async Task RunAsync(ReportingReplica replica, TimeProvider time)
    {
        using var rebuild = new RebuildWorker(new WorkerServices(null!, time, NullLoggerFactory.Instance), replica.Models);
        while (await rebuild.RunAsync(Cancellation))
            continue;
    }

    private static async Task ShouldEqualThePlainFoldAsync(IDocumentStore store, ReportingHistory history, int seed)
    {
        var log = await LogAsync(store);
        log.Select(recorded => recorded.Id)
            .ShouldBe(history.Partitions.Values.SelectMany(events => events).Select(recorded => recorded.Id).Distinct(), ignoreOrder: true);

        var actual = await new ReportingReplica(store).DumpAsync(Cancellation);
        foreach (var (document, expected) in ReportingReplica.PlainFold(log))
            actual.GetValueOrDefault(document).ShouldBe(expected, $"seed {seed}: {document}");
        actual.Count.ShouldBe(ReportingReplica.PlainFold(log).Count);
    }

    private static async Task<List<RecordedEvent>> LogAsync(IDocumentStore store) =>
        [.. (await ReportingReplica.AllAsync(store.Collection(RecordedEvent.Model), Cancellation)).Select(document => document.Value)];
}
