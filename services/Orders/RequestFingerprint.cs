using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using ForgeShop.Contracts;
using ForgeShop.Forge;

namespace ForgeShop.Orders;

/// <summary>
/// What a request asked for, in 32 bytes: SHA-256 over the RFC 8785 form of what was understood of its body. Understood, not
/// received: the order of members, white space, the spelling of a SKU and a default written out do
/// not make it another request. The order of the items does. The user and the key are not in it: they are in the order's ID.
/// </summary>
public static class RequestFingerprint
{
    public static byte[] Of(OrderRequest request)
    {
        var understood = new UnderstoodOrder(request.Items, request.PaymentMethod, request.ExpectedTotal);
        return SHA256.HashData(Jcs.Canonicalize(JsonSerializer.SerializeToUtf8Bytes(understood, OrdersJson.Default.UnderstoodOrder)));
    }
}

/// <summary>
/// Renaming a member changes every fingerprint: old keys would then be refused as reused. A new one is omitted where a request does not
/// have it.
/// </summary>
public sealed record UnderstoodOrder(
    IReadOnlyList<OrderedItem> Items, string PaymentMethod,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Money? ExpectedTotal);

public sealed record OrderedItem(string Sku, int Quantity);
