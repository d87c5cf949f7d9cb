using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Documents;
using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging;

/// <summary>
/// There is no transaction over an inbox and a document, so an event is handled first and noted in its stream afterwards. Whoever is
/// interrupted in between handles it again: handlers write to derived IDs, or keep the last sequence inside their documents.
/// </summary>
internal sealed class DocumentInbox(IServiceScopeFactory scopes, IDocumentStore store, OutboxSignal signal, IOptions<MessagingOptions> options, TimeProvider time) : IInboxStore
{
    private readonly IDocumentCollection<InboxPosition> _positions = store.Collection(new DocumentModel<InboxPosition>("inbox_position", InboxJson.Default.InboxPosition));
    private readonly IDocumentCollection<StreamDocument> _streams = store.Collection(StreamDocument.Model);

    public async Task<InboxResult> HandleAsync(ReceivedEvent received, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken)
    {
        var (context, id) = (received.Context, IdOf(received.Stream));
        while (true)
        {
            var known = await _streams.GetAsync(id, cancellationToken);
            var stream = known?.Value ?? New(received.Stream, received.Partition);
            if (context.Sequence <= stream.Sequence)
            {
                UnreadableMessageException.ThrowIfAnother(context, stream.Sequence.Value, stream.EventId);
                return new(InboxVerdict.Duplicate, stream.Parked.Count > 0);
            }
            if (context.Sequence > stream.Next)
            {
                if (await ParkAsync(received, cancellationToken))
                    return new(InboxVerdict.Parked, false);
                continue; // Its turn has come meanwhile.
            }

            await using var scope = scopes.CreateAsyncScope();
            await handle(scope.ServiceProvider, cancellationToken);
            signal.Set();
            var handled = stream.At(context.Sequence, context.Id) with { Partition = received.Partition };
            if (!await _streams.UpsertAsync(id, handled, known?.Version ?? 0, cancellationToken))
                handled = await AdvanceAsync(received.Stream, received.Partition, context.Sequence, context.Id, cancellationToken);
            return new(InboxVerdict.Handled, handled.Parked.Count > 0);
        }
    }

    /// <returns>False if it is no longer too early.</returns>
    private async Task<bool> ParkAsync(ReceivedEvent received, CancellationToken cancellationToken)
    {
        var message = ParkedMessage.Of(received.Message, received.Context.Sequence, time.GetUtcNow());
        var stream = await _streams.UpdateAsync(IdOf(received.Stream), known =>
        {
            var current = known ?? New(received.Stream, received.Partition);
            if (message.Sequence <= current.Next)
                return null;
            if (current.Parked.Any(parked => parked.Sequence == message.Sequence))
                return current.Dead == message.Sequence ? current with { Dead = null } : null;
            return current.Parked.Count < options.Value.MaxParkedPerKey ? current.With(message) : throw new ParkingFullException(options.Value.MaxParkedPerKey);
        }, cancellationToken);
        return stream!.Value.Parked.Any(parked => parked.Sequence == message.Sequence);
    }

    private async Task<StreamDocument> AdvanceAsync(StreamKey key, int partition, long sequence, Contracts.EventId? eventId, CancellationToken cancellationToken) =>
        (await _streams.UpdateAsync(IdOf(key), known => known?.Sequence >= sequence ? null : (known ?? New(key, partition)).At(sequence, eventId), cancellationToken))!.Value;

    public async Task<ParkedMessage?> NextAsync(StreamKey stream, CancellationToken cancellationToken) =>
        (await _streams.GetAsync(IdOf(stream), cancellationToken))?.Value is { } known && known.Dead != known.Next
            ? known.Parked.FirstOrDefault(parked => parked.Sequence == known.Next)
            : null;

    public Task StopBeforeAsync(StreamKey stream, int partition, long sequence, long? handled, CancellationToken cancellationToken) =>
        _streams.UpdateAsync(
            IdOf(stream),
            known => known?.Sequence > (handled ?? 0) || known?.Dead == sequence
                ? null
                : (known ?? New(stream, partition)) with { Dead = sequence, Sequence = known?.Sequence ?? (sequence == 1 ? 0 : null) },
            cancellationToken);

    public Task BeginAsync(StreamKey stream, CancellationToken cancellationToken) =>
        _streams.UpdateAsync(
            IdOf(stream),
            known => known is { Sequence: null, Parked: [var first, ..] } ? known with { Sequence = first.Sequence - 1 } : null,
            cancellationToken);

    public Task GiveUpAsync(StreamKey stream, int partition, long upTo, CancellationToken cancellationToken) =>
        AdvanceAsync(stream, partition, upTo, null, cancellationToken);

    public async Task<IReadOnlyList<WaitingStream>> FindWaitingAsync(IReadOnlyCollection<TopicPartition> partitions, int limit, CancellationToken cancellationToken)
    {
        var (found, mine) = (new List<WaitingStream>(), partitions.ToHashSet());
        await foreach (var stream in WaitingAsync(cancellationToken))
        {
            if (stream.Dead is null && stream.Parked is [var first, ..] && mine.Contains(new(stream.Topic, stream.Partition)))
                found.Add(new(stream.Key, stream.Partition, stream.Sequence, first));
            if (found.Count == limit)
                break;
        }
        return found;
    }

    public async Task<InboxDepth> MeasureAsync(CancellationToken cancellationToken)
    {
        var depth = new InboxDepth(0, 0, 0);
        await foreach (var stream in WaitingAsync(cancellationToken))
            depth = new(depth.Keys + 1, depth.DeadKeys + (stream.Dead is null ? 0 : 1), depth.Events + stream.Parked.Count);
        return depth;
    }

    /// <summary>All streams that wait, of whatever partition: they are few, or somebody has to do something.</summary>
    private async IAsyncEnumerable<StreamDocument> WaitingAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var page = await _streams.QueryAsync(new DocumentQuery<StreamDocument>().OrderBy(StreamDocument.WaitingField).Page(cursor, DocumentQuery<StreamDocument>.DefaultLimit), cancellationToken);
            foreach (var document in page.Items)
                yield return document.Value;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    private static StreamDocument New(StreamKey key, int partition) => new(key.Topic, key.Subject, partition);

    public async Task<IReadOnlyList<LogAnchor>> LoadPositionsAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(partitions.Select(partition => _positions.GetAsync(IdOf(partition), cancellationToken)));
        return [.. found.OfType<Document<InboxPosition>>().Select(document =>
            new LogAnchor(document.Value.Topic, document.Value.Partition, document.Value.Offset, document.Value.Identity))];
    }

    public Task SavePositionsAsync(IReadOnlyCollection<LogAnchor> positions, CancellationToken cancellationToken) =>
        Task.WhenAll(positions.Select(position => _positions.UpdateAsync(
            IdOf(position.TopicPartition),
            _ => new InboxPosition { Topic = position.Topic, Partition = position.Partition, Offset = position.Offset, Identity = position.Identity },
            cancellationToken)));

    public async Task<bool> IsStoreTroubleAsync(Exception exception, CancellationToken cancellationToken)
    {
        if (PostgresTrouble.Is(exception))
            return true;
        try
        {
            await store.PingAsync(cancellationToken);
            return false;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return true; // Whatever it says: it does not answer.
        }
    }

    private static Guid IdOf(StreamKey stream) => IdOf($"{stream.Topic}/{stream.Subject:D}");

    private static Guid IdOf(TopicPartition partition) => IdOf(string.Create(CultureInfo.InvariantCulture, $"{partition.Topic}/{partition.Partition.Value}"));

    /// <summary>Not an entity of the shop, so not in its catalogue: a hash of what names the document.</summary>
    private static Guid IdOf(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16), bigEndian: true);
}
