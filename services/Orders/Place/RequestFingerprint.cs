using System.Security.Cryptography;
using ForgeShop.Forge;

namespace ForgeShop.Orders;

/// <summary>
/// The SHA-256 of the RFC 8785 form of a parsed request. The order of members, white space, the spelling of a SKU and explicit defaults do
/// not change it; the order of the items does. User and key are not part of it, because the order's ID contains them.
/// </summary>
public static class RequestFingerprint
{
    public static byte[] Of(PlaceOrderRequest request)
    {
        var understood = new UnderstoodOrder(request.Items, request.PaymentMethod, request.ExpectedTotal);
        return SHA256.HashData(Jcs.Canonicalize(JsonSerializer.SerializeToUtf8Bytes(understood, OrdersJson.Default.UnderstoodOrder)));
    }
}

/// <summary>
/// Renaming a member changes every fingerprint: the service would refuse old keys as reused. A new member is omitted where a request does
/// not have it.
/// </summary>
public sealed record UnderstoodOrder(
    IReadOnlyList<OrderedItem> Items, string PaymentMethod,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Money? ExpectedTotal);

public sealed record OrderedItem(string Sku, int Quantity);
