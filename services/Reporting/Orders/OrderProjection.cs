using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Reporting.Customers;
using ForgeShop.Reporting.Log;

namespace ForgeShop.Reporting.Orders;

/// <summary>Puts every event that is about an order into that order's document, then the order into its customer's sums.</summary>
public sealed class OrderProjection(IDocumentCollection<OrderReport> orders, CustomerSums sums) : IProjection
{
    public async Task ApplyAsync(RecordedEvent recorded, CancellationToken cancellationToken)
    {
        if (OrderOf(recorded) is not { } id)
            return;
        var order = await orders.UpdateAsync(id.Value, known => (known ?? new OrderReport(id)).With(recorded), cancellationToken);
        // Also when nothing was new: the last attempt may have ended right here. What others do for an order changes no sum until the order says so itself.
        if (recorded.Subject == id.Value)
            await sums.CountAsync(order!.Value, cancellationToken);
    }

    private static OrderId? OrderOf(RecordedEvent recorded)
    {
        // A notification speaks of an order if its kind says so: order-placed, order-cancelled ...
        if (recorded.Is<NotificationSent>(out var sent))
            return sent.Kind.StartsWith("order-", StringComparison.Ordinal) ? new OrderId(sent.Reference) : null;
        // Everybody else names it alike: the order itself, its stock, its payment, and whoever may come.
        return recorded.Data.ValueKind is JsonValueKind.Object && recorded.Data.TryGetProperty("orderId", out var named)
            && named.ValueKind is JsonValueKind.String && OrderId.TryParse(named.GetString(), out var id) ? id : null;
    }
}
