using ForgeShop.Messaging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>
/// Waits until what was in flight has arrived: until the outboxes are published and the consumers have committed up to the positions at the
/// start of the wait.
/// </summary>
internal sealed class AuditSettlement(
    AuditedServices services, ConsumerProgress consumers, IOptions<AuditOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <returns>The positions as text. Equal positions before and after mean that the shop emitted nothing in between.</returns>
    public async Task<string> WaitAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        bool IsOver() => time.GetElapsedTime(started) > options.Value.SettleTimeout;

        var shop = await services.DescribeAsync(cancellationToken);
        for (var now = shop; !IsOver() && !now.HasPublished(shop); now = await services.DescribeAsync(cancellationToken))
            await Task.Delay(Poll, time, cancellationToken);

        var groups = shop.CompleteCopiesOf("events").Where(copy => copy.Collection.Groups is not null).ToDictionary(
            copy => copy.Service, copy => copy.Collection.Groups!.Select(group => group.Split('/')[0]).ToHashSet());
        var ends = await consumers.ReadEndsAsync(groups.Values.SelectMany(topics => topics), cancellationToken);
        foreach (var (group, topics) in groups)
        {
            while (!IsOver() && !await consumers.HasPassedAsync(group, topics, ends, cancellationToken))
                await Task.Delay(Poll, time, cancellationToken);
        }
        var positions = shop.Positions.OrderBy(outbox => outbox.Key, StringComparer.Ordinal);
        return string.Join(' ', positions.Select(outbox => $"{outbox.Key}={outbox.Value.Last}"));
    }
}
