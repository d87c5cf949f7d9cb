using System.Diagnostics;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>What became of one attempt to handle a message.</summary>
/// <param name="Error">Why it failed, if it did.</param>
/// <param name="Behind">The message's stream, if later events of it are parked whose turn it may be now.</param>
internal readonly record struct Attempt(Exception? Error, StreamKey? Behind = null);

/// <summary>From a message to its stored effect: one attempt. A store that is not there is waited for; that is no message's fault.</summary>
internal sealed partial class MessageProcessor(
    Subscriptions subscriptions, IInboxStore inbox, DeadLetters deadLetters, ForgeIds ids, ServiceName service, IOptions<MessagingOptions> options,
    MessagingMetrics metrics, TimeProvider time, ILogger<MessageProcessor> logger) : IDisposable
{
    private readonly SemaphoreSlim _concurrency = new(options.Value.MaxConcurrency);

    /// <summary>Returns when the effect is stored, or was before, or the event is parked, or the attempt failed.</summary>
    /// <param name="consumed">The message.</param>
    /// <param name="stop">Nothing new is to be begun.</param>
    /// <param name="abort">What was begun is to end, too.</param>
    public Task<Attempt> TryAsync(ConsumeResult<byte[]?, byte[]?> consumed, CancellationToken stop, CancellationToken abort) =>
        WithStoreAsync(consumed.TopicPartition, async () => new Attempt(null, await HandleAsync(consumed, abort)), exception => new Attempt(exception), stop, abort);

    /// <summary>Whether it would fail again, however often it is tried.</summary>
    public static bool IsFinal(Exception error) => error is UnreadableMessageException or UnknownEventVersionException or ParkingFullException;

    /// <summary>The parked message of a stream whose turn it is, if there is one.</summary>
    public Task<ConsumeResult<byte[]?, byte[]?>?> NextParkedAsync(StreamKey stream, TopicPartition partition, CancellationToken stop, CancellationToken abort) =>
        WithStoreAsync(partition, async () => (await inbox.NextAsync(stream, abort))?.ToConsumed(), failed: null, stop, abort);

    /// <summary>Gives a message up: a dead letter says why, and its aggregate's events wait from here on. Returns when both are stored.</summary>
    public async Task BuryAsync(ConsumeResult<byte[]?, byte[]?> consumed, Exception error, int attempts, CancellationToken stop, CancellationToken abort)
    {
        // The letter first: interrupted in between, the message is tried again and gets another one, which is better than none. Nothing
        // overtakes it: its key waits for this to end.
        await deadLetters.AddAsync(consumed, error, attempts, stop);
        // What is no event belongs to no aggregate that could wait, and what found no room waits already.
        if (error is not ParkingFullException && ReadAttributes(consumed) is { } received)
        {
            await WithStoreAsync(consumed.TopicPartition, async () =>
            {
                await inbox.StopBeforeAsync(received.Stream, received.Partition, received.Context.Sequence, received.Context.Sequence - 1, abort);
                return true;
            }, failed: null, stop, abort);
        }
    }

    private ReceivedEvent? ReadAttributes(ConsumeResult<byte[]?, byte[]?> consumed)
    {
        try
        {
            return new(CloudEvents.ReadAttributes(consumed, ids), consumed);
        }
        catch (UnreadableMessageException)
        {
            return null;
        }
    }

    /// <returns>The stream, if something is parked behind the event.</returns>
    private async Task<StreamKey?> HandleAsync(ConsumeResult<byte[]?, byte[]?> consumed, CancellationToken cancellationToken)
    {
        if (DeadLetterHeaders.IsWord(consumed.Message))
            return await ObeyAsync(consumed, cancellationToken);
        var received = new ReceivedEvent(CloudEvents.ReadAttributes(consumed, ids), consumed);
        var handlers = subscriptions.For(received.Context);
        var result = handlers.Count == 0
            ? await inbox.HandleAsync(received, (_, _) => Task.CompletedTask, cancellationToken)
            : await HandleAsync(received, handlers, cancellationToken);
        metrics.Received(received.Context, result.Verdict, isHandled: handlers.Count > 0);
        return result.HasParked ? received.Stream : null;
    }

    /// <returns>The stream that may go on now.</returns>
    private async Task<StreamKey?> ObeyAsync(ConsumeResult<byte[]?, byte[]?> consumed, CancellationToken cancellationToken)
    {
        // Where no event can be read from it, none could from the message that was given up: it belongs to no aggregate that waits.
        if (DeadLetterHeaders.GivesUp(consumed.Message, service.Value) is not { } upTo || ReadAttributes(consumed) is not { } received)
            return null;
        await inbox.GiveUpAsync(received.Stream, received.Partition, upTo, cancellationToken);
        return received.Stream;
    }

    private async Task<InboxResult> HandleAsync(ReceivedEvent received, IReadOnlyList<Subscription> handlers, CancellationToken cancellationToken)
    {
        var context = received.Context;
        using var activity = Tracing.StartProcess(context, service.Value, received.Partition, received.Message.Offset.Value);
        using var scope = logger.BeginScope(new KeyValuePair<string, object?>[] { new("EventId", context.Id), new("CorrelationId", context.CorrelationId) });
        EventContext.Current = context;
        try
        {
            var result = await inbox.HandleAsync(received, async (services, token) =>
            {
                var envelope = new EventEnvelope(context, CloudEvents.ReadData(received.Message));
                var inputs = handlers.Select(handler => (Handler: handler, Input: handler.Parse(envelope))).ToList();
                foreach (var (handler, input) in inputs)
                    await handler.Handle(services, input, context, token);
            }, cancellationToken);
            activity?.SetTag("forgeshop.duplicate", result.Verdict == InboxVerdict.Duplicate);
            return result;
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

    /// <summary>As soon as there is room, and again and again, with pauses, as long as only the store is the reason why <paramref name="work"/> fails.</summary>
    /// <param name="partition">Which waits meanwhile.</param>
    /// <param name="work">What needs the store.</param>
    /// <param name="failed">What to return if it fails for another reason; null: it throws.</param>
    /// <param name="stop">Nothing new is to be begun.</param>
    /// <param name="abort">What was begun is to end, too.</param>
    private async Task<T> WithStoreAsync<T>(TopicPartition partition, Func<Task<T>> work, Func<Exception, T>? failed, CancellationToken stop, CancellationToken abort)
    {
        for (var troubles = 1; ; troubles++)
        {
            await _concurrency.WaitAsync(stop);
            try
            {
                return await work();
            }
            catch (Exception exception) when (!abort.IsCancellationRequested)
            {
                if (IsFinal(exception) || !await inbox.IsStoreTroubleAsync(exception, abort))
                {
                    if (failed is null)
                        throw;
                    return failed(exception);
                }
                LogStoreTrouble(exception, partition.Topic, partition.Partition.Value, troubles);
            }
            finally
            {
                _concurrency.Release();
            }
            await Task.Delay(Backoff.After(troubles, options.Value.MinBackoff, options.Value.MaxBackoff), time, stop);
        }
    }

    public void Dispose() => _concurrency.Dispose();

    [LoggerMessage(LogLevel.Warning, "Topic {Topic}, partition {Partition}, waits for the store, which is not ready (attempt {Attempt})")]
    private partial void LogStoreTrouble(Exception exception, string topic, int partition, int attempt);
}
