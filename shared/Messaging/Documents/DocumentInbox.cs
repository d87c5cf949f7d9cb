using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Confluent.Kafka;
using ForgeShop.Documents;
using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging;

/// <summary>
/// There is no transaction over an inbox and a document, so the inbox is the document itself: handlers write to derived IDs, or keep the last
/// sequence inside. What is kept here is only how far each partition was read.
/// </summary>
internal sealed partial class DocumentInbox(IServiceScopeFactory scopes, IDocumentStore store, OutboxSignal signal) : IInboxStore
{
    private readonly IDocumentCollection<InboxPosition> _positions = store.Collection(new DocumentModel<InboxPosition>("inbox_position", PositionJson.Default.InboxPosition));

    [JsonSerializable(typeof(InboxPosition))]
    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    private sealed partial class PositionJson : JsonSerializerContext;

    public async Task<bool> HandleAsync(EventContext context, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await handle(scope.ServiceProvider, cancellationToken);
        signal.Set();
        return true;
    }

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

    /// <summary>Not an entity of the shop, so not in its catalogue: a hash of what names the partition.</summary>
    private static Guid IdOf(TopicPartition partition) => new(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{partition.Topic}/{partition.Partition.Value}"))).AsSpan(0, 16),
        bigEndian: true);
}
