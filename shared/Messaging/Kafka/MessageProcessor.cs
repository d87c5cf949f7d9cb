using System.Diagnostics;
using Confluent.Kafka;
using ForgeShop.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>From a message to its stored effect: one attempt.</summary>
internal sealed partial class MessageProcessor(
    Subscriptions subscriptions, IInboxStore inbox, ForgeIds ids, ServiceName service, IOptions<MessagingOptions> options,
    MessagingMetrics metrics, TimeProvider time, ILogger<MessageProcessor> logger) : IDisposable
{
    private readonly SemaphoreSlim _concurrency = new(options.Value.MaxConcurrency);

    /// <summary>Returns when the effect is stored, or was before, or the message concerns nobody here. Waits for a store that is not there.</summary>
    /// <param name="consumed">The message.</param>
    /// <param name="stop">Nothing new is to be begun.</param>
    /// <param name="abort">What was begun is to end, too.</param>
    /// <returns>Null, or why this attempt failed.</returns>
    public async Task<Exception?> TryAsync(ConsumeResult<byte[]?, byte[]?> consumed, CancellationToken stop, CancellationToken abort)
    {
        for (var troubles = 1; ; troubles++)
        {
            await _concurrency.WaitAsync(stop);
            try
            {
                await HandleAsync(consumed, abort);
                return null;
            }
            catch (UnreadableMessageException exception)
            {
                return exception;
            }
            catch (Exception exception) when (!abort.IsCancellationRequested)
            {
                if (!await inbox.IsStoreTroubleAsync(exception, abort))
                    return exception;
                LogStoreTrouble(exception, consumed.Topic, consumed.Partition.Value, troubles);
            }
            finally
            {
                _concurrency.Release();
            }
            await Task.Delay(Backoff.After(troubles, options.Value.MinBackoff, options.Value.MaxBackoff), time, stop);
        }
    }

    private async Task HandleAsync(ConsumeResult<byte[]?, byte[]?> consumed, CancellationToken cancellationToken)
    {
        var envelope = CloudEvents.Read(consumed, ids);
        var handlers = subscriptions.For(envelope);
        if (handlers.Count == 0)
        {
            metrics.Skipped(envelope.Topic);
            return;
        }
        var inputs = handlers.Select(handler => (Handler: handler, Input: handler.Parse(envelope))).ToList();

        using var activity = Tracing.StartProcess(envelope, service.Value, consumed.Partition.Value, consumed.Offset.Value);
        using var scope = logger.BeginScope(new KeyValuePair<string, object?>[] { new("EventId", envelope.Id), new("CorrelationId", envelope.CorrelationId) });
        EventContext.Current = envelope;
        try
        {
            var isNew = await inbox.HandleAsync(envelope, async (services, token) =>
            {
                foreach (var (handler, input) in inputs)
                    await handler.Handle(services, input, envelope, token);
            }, cancellationToken);
            activity?.SetTag("forgeshop.duplicate", !isNew);
            if (isNew)
                metrics.Consumed(envelope.Topic, envelope.Type);
            else
                metrics.Duplicate(envelope.Topic);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            activity?.SetTag("error.type", exception.GetType().FullName);
            throw;
        }
        finally
        {
            EventContext.Current = null;
        }
    }

    public void Dispose() => _concurrency.Dispose();

    [LoggerMessage(LogLevel.Warning, "Topic {Topic}, partition {Partition}, waits for the store, which is not ready (attempt {Attempt})")]
    private partial void LogStoreTrouble(Exception exception, string topic, int partition, int attempt);
}
