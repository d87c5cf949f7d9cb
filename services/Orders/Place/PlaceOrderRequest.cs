using System.Diagnostics.CodeAnalysis;

namespace ForgeShop.Orders;

/// <summary>A validated request for an order: all values in canonical form, with the derived order ID.</summary>
public sealed record PlaceOrderRequest(
    OrderId OrderId, UserId UserId, string Reference, IReadOnlyList<OrderedItem> Items, string PaymentMethod, Money? ExpectedTotal)
{
    public const int MaxItems = 100;
    public const int MaxQuantity = 1000;

    private static readonly string[] PaymentMethods = ["sim-ok", "sim-declined", "sim-slow", "sim-timeout", "sim-lost-answer"];

    /// <param name="Items">What is ordered.</param>
    /// <param name="PaymentMethod">How it is paid; the first method if null.</param>
    /// <param name="ExpectedTotal">The total that the customer has seen. If the actual total differs, the order is not placed.</param>
    public sealed record Body(IReadOnlyList<Item?>? Items, string? PaymentMethod = null, Money? ExpectedTotal = null);

    public sealed record Item(string? Sku, int? Quantity);

    /// <summary>Returns false with all validation errors by field.</summary>
    public static bool TryUnderstand(
        UserId userId, Body body, HttpRequest http, ForgeIds ids, [NotNullWhen(true)] out PlaceOrderRequest? request,
        out ValidationErrors errors)
    {
        errors = new ValidationErrors();
        var items = Understand(body.Items, errors);
        var paymentMethod = body.PaymentMethod ?? PaymentMethods[0];
        if (!PaymentMethods.Contains(paymentMethod))
            errors.Add("paymentMethod", $"The payment method is one of {string.Join(", ", PaymentMethods)}.");
        var key = IdempotencyKey.Of(http, out var badKey);
        errors.Add(IdempotencyKey.Header, key is null ? badKey : ids.RefusalOfReference(userId, key));

        request = errors.Any
            ? null : new PlaceOrderRequest(ids.Order(userId, key!), userId, key!, items, paymentMethod, body.ExpectedTotal);
        return request is not null;
    }

    private static List<OrderedItem> Understand(IReadOnlyList<Item?>? items, ValidationErrors errors)
    {
        var understood = new List<OrderedItem>();
        if (items is null or { Count: 0 or > MaxItems })
        {
            errors.Add("items", $"An order has 1 to {MaxItems} items.");
            return understood;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < items.Count; index++)
        {
            var item = items[index];
            if (!Sku.TryNormalise(item?.Sku, out var sku))
                errors.Add($"items[{index}].sku", "A SKU of 1 to 64 letters, digits and . _ ~ - is required, a letter or digit first.");
            else if (!seen.Add(sku))
                errors.Add($"items[{index}].sku", "This product is listed twice: order it once, with the whole quantity.");
            if (item?.Quantity is not (>= 1 and <= MaxQuantity))
                errors.Add($"items[{index}].quantity", $"A quantity of 1 to {MaxQuantity} is required.");
            if (sku is not null && item?.Quantity is { } quantity)
                understood.Add(new OrderedItem(sku, quantity));
        }

        return understood;
    }
}
