using System.Text.Json.Serialization;

namespace ForgeShop.Payments;

/// <summary>GET /operations/ledger/check?after=&amp;limit=: for an operator. The gateway does not route it.</summary>
public static partial class CheckLedger
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/operations/ledger/check", Handle)
        .WithSummary("Folds the ledger of a page of payments again and returns those whose row differs.")
        .Produces<LedgerPage>()
        .RequirePermission(Permissions.AuditRead)
        .ExcludeFromDescription();

    private static async Task<IResult> Handle(PaymentId? after, int? limit, LedgerComparison ledger, CancellationToken cancellationToken)
    {
        var count = limit ?? LedgerComparison.MaxPayments;
        return count is < 1 or > LedgerComparison.MaxPayments
            ? Problems.Validation("limit", $"A page has 1 to {LedgerComparison.MaxPayments} payments.")
            : TypedResults.Json(await ledger.CompareAsync(after, count, cancellationToken), CheckLedgerJson.Default.LedgerPage);
    }

    [JsonSerializable(typeof(LedgerPage))]
    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
    private sealed partial class CheckLedgerJson : JsonSerializerContext;
}
