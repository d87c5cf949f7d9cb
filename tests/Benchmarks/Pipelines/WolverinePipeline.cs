using Confluent.Kafka;
using JasperFx.Resources;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Wolverine;
using Wolverine.EntityFrameworkCore;
using Wolverine.Kafka;
using Wolverine.Persistence;
using Wolverine.Postgresql;
using Wolverine.Transports;

namespace ForgeShop.Benchmarks.Pipelines;

/// <summary>A message of an order, as Wolverine publishes it.</summary>
public sealed record ChainMessage(Guid OrderId, int Number);

/// <summary>Handles one message a transaction.</summary>
public static class ChainMessageHandler
{
    public static object? Handle(ChainMessage message, ChainDb db) =>
        Chain.Handle(db, message.OrderId, message.Number) is { } next ? WolverinePipeline.Keyed(new(message.OrderId, next)) : null;
}

/// <summary>Handles what <c>BatchMessagesOf</c> has collected in one transaction.</summary>
public static class ChainBatchHandler
{
    public static IEnumerable<object> Handle(ChainMessage[] messages, ChainDb db) =>
        [.. messages.Select(message => ChainMessageHandler.Handle(message, db)).OfType<object>()];
}

/// <summary>
/// Wolverine with its Kafka transport, durable inbox and Entity Framework Core outbox, tuned as its documentation recommends for
/// throughput.
/// </summary>
internal sealed class WolverinePipeline(PipelineSettings settings, bool batched) : IPipeline
{
    private const int BatchSize = 200;

    private readonly IHost _host = Build(settings, batched);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var scope = _host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<ChainDb>().Database.EnsureCreatedAsync(cancellationToken);
        await _host.StartAsync(cancellationToken);
    }

    public async Task PlaceAsync(Guid orderId, CancellationToken cancellationToken)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var outbox = scope.ServiceProvider.GetRequiredService<IDbContextOutbox<ChainDb>>();
        outbox.DbContext.Add(new ChainStep { OrderId = orderId, Number = 1 });
        await outbox.PublishAsync(new ChainMessage(orderId, 1), new DeliveryOptions { PartitionKey = orderId.ToString() });
        await outbox.SaveChangesAndFlushMessagesAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    internal static object Keyed(ChainMessage message) =>
        message.WithDeliveryOptions(new DeliveryOptions { PartitionKey = message.OrderId.ToString() });

    private static IHost Build(PipelineSettings settings, bool batched)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Error)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.UseWolverine(options =>
        {
            options.Durability.Mode = DurabilityMode.Solo;
            options.Durability.DurabilityMetricsEnabled = false;
            options.PersistMessagesWithPostgresql(settings.Database, "wolverine");
            options.Services.AddDbContextWithWolverineIntegration<ChainDb>(db => db.UseNpgsql(settings.Database), "wolverine");
            options.UseEntityFrameworkCoreTransactions(TransactionMiddlewareMode.Lightweight);
            options.Policies.AutoApplyTransactions();
            options.Discovery.DisableConventionalDiscovery().IncludeType(batched ? typeof(ChainBatchHandler) : typeof(ChainMessageHandler));
            if (batched)
            {
                options.BatchMessagesOf<ChainMessage>(batching =>
                {
                    batching.BatchSize = BatchSize;
                    batching.TriggerTime = TimeSpan.FromMilliseconds(10);
                });
            }

            options.UseKafka(settings.Kafka).AutoProvision()
                .ConfigureProducers(producer => (producer.Acks, producer.EnableIdempotence, producer.LingerMs) = (Acks.All, true, 1))
                .ConfigureConsumers(consumer => (consumer.GroupId, consumer.AutoOffsetReset) = (settings.Topic, AutoOffsetReset.Earliest));
            options.PublishMessage<ChainMessage>().ToKafkaTopic(settings.Topic)
                .Specification(topic => topic.NumPartitions = PipelineSettings.Partitions)
                .UseDurableOutbox()
                .MessageBatchTimeout(TimeSpan.FromMilliseconds(1))
                .MessageBatchMaxDegreeOfParallelism(4);
            options.ListenToKafkaTopic(settings.Topic)
                .UseDurableInbox(new BufferingLimits(10_000, 5_000))
                .MaximumMessagesToReceive(BatchSize)
                .MaximumParallelMessages(16);
        });
        builder.Services.AddResourceSetupOnStartup();
        return builder.Build();
    }
}
