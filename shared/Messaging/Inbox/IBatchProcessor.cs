namespace ForgeShop.Messaging;

/// <summary>Handles a batch of messages: all or none of them.</summary>
internal interface IBatchProcessor
{
    Task ProcessAsync(IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken);

    /// <summary>Returns whether the store is the reason of the failure and not a message, so that the same batch succeeds later.</summary>
    bool IsTransient(Exception exception);
}

/// <summary>Calls the <see cref="IEnvelopeHandler"/> of a service whose effects are idempotent without an inbox.</summary>
internal sealed class EnvelopeProcessor(IServiceScopeFactory scopes, Func<Exception, bool> isTransient, MessagingMetrics metrics)
    : IBatchProcessor
{
    public async Task ProcessAsync(IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        // The service has one such handler, for all of its topics.
        await batch[0].Subscriptions[0].HandleAsync(scope.ServiceProvider, batch, cancellationToken);
        metrics.Handled(batch);
    }

    public bool IsTransient(Exception exception) => isTransient(exception);
}
