namespace ForgeShop.Benchmarks.Pipelines;

/// <summary>A messaging library with its outbox, its inbox and a handler for the messages of an order.</summary>
internal interface IPipeline : IAsyncDisposable
{
    /// <summary>Creates the tables and the topic, and starts to consume.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Commits the first step of an order together with its message.</summary>
    Task PlaceAsync(Guid orderId, CancellationToken cancellationToken);
}
