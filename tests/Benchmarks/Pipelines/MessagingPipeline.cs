using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Benchmarks.Pipelines;

/// <summary>A message of an order, as this project publishes it.</summary>
public sealed record ContinueChain(Guid OrderId, int Number) : ICommandData
{
    public static string Type => "bench.continue-chain";
    public static string Topic => MessagingPipeline.Topic;
}

/// <summary>The tables of the chain together with this project's outbox and inbox.</summary>
public sealed class MessagingChainDb(DbContextOptions<MessagingChainDb> options) : ChainDb(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.AddMessaging();
    }
}

/// <summary>Handles messages one by one; the consumer saves and commits a whole batch.</summary>
internal sealed class ContinueChainHandler(MessagingChainDb db) : IBatchHandler<ContinueChain>
{
    public Task HandleAsync(IReadOnlyList<Received<ContinueChain>> events, CancellationToken cancellationToken)
    {
        foreach (var (data, context) in events)
        {
            if (Chain.Handle(db, data.OrderId, data.Number) is { } next)
                db.Send(data.OrderId, next, new ContinueChain(data.OrderId, next), context.Origin);
        }
        return Task.CompletedTask;
    }
}

/// <summary>shared/Messaging with its defaults, or with one batch size for relay and consumer.</summary>
internal sealed class MessagingPipeline(PipelineSettings settings, int? batchSize) : IPipeline
{
    private const int SaveSize = 1000;

    private readonly IHost _host = Build(settings, batchSize);

    /// <summary>Gets the topic of this process.</summary>
    public static string Topic { get; private set; } = "bench";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var scope = _host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<MessagingChainDb>().Database.EnsureCreatedAsync(cancellationToken);
        await _host.StartAsync(cancellationToken);
    }

    public async Task PlaceAsync(Guid orderId, CancellationToken cancellationToken)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MessagingChainDb>();
        db.Add(new ChainStep { OrderId = orderId, Number = 1 });
        db.Send(orderId, 1, new ContinueChain(orderId, 1), MessageOrigin.None);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>
    /// Commits many messages in one transaction. Each is the last of its order, so handling it writes one effect and sends nothing.
    /// </summary>
    public async Task SendAsync(int messages, CancellationToken cancellationToken)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MessagingChainDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        foreach (var orders in Enumerable.Range(0, messages).Select(_ => Guid.NewGuid()).Chunk(SaveSize))
        {
            foreach (var orderId in orders)
                db.Send(orderId, Chain.Length, new ContinueChain(orderId, Chain.Length), MessageOrigin.None);
            await db.SaveChangesAsync(cancellationToken);
            db.ChangeTracker.Clear();
        }

        await transaction.CommitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static IHost Build(PipelineSettings settings, int? batchSize)
    {
        Topic = settings.Topic;
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Error)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Configuration["ConnectionStrings:kafka"] = settings.Kafka;
        builder.Configuration["Messaging:Partitions"] = PipelineSettings.Partitions.ToString();
        if (batchSize is { } size)
            builder.Configuration["Messaging:PublishBatchSize"] = builder.Configuration["Messaging:ConsumeBatchSize"] = size.ToString();
        builder.Services.AddForgeIds(builder.Configuration);
        builder.Services.AddDbContextPool<MessagingChainDb>(db => db.UseNpgsql(settings.Database).UseSnakeCaseNamingConvention());
        builder.AddMessaging(
            settings.Topic, messaging => messaging.UseEntityFramework<MessagingChainDb>().Handle<ContinueChain, ContinueChainHandler>());
        return builder.Build();
    }
}
