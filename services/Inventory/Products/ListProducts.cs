using System.Buffers.Text;
using System.Text;

namespace ForgeShop.Inventory;

/// <summary>GET /api/v1/products?search=&amp;cursor=&amp;limit=</summary>
public static class ListProducts
{
    private const int MaxSearch = 100;
    private const string Unicode = "und-x-icu";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle)
        .WithSummary("Lists products by SKU: all, or those whose name or SKU contains the search text.")
        .Produces<ProductPage>()
        .AllowAnonymous();

    private static async Task<IResult> Handle(
        string? search, string? cursor, string? limit, InventoryDb db, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var count = PageLimit.Read(limit, errors);
        var after = "";
        if (cursor is not null && !TryReadCursor(cursor, out after))
            errors.Add("cursor", "This is not a cursor from an earlier page.");
        if (search is not null && (search.Length > MaxSearch || search.Any(char.IsControl)))
            errors.Add("search", $"A search has at most {MaxSearch} characters and no control characters.");
        if (errors.Any)
            return errors.ToProblem();

        var products = db.Products.AsNoTracking().Where(product => string.Compare(product.Sku, after) > 0);
        if (!string.IsNullOrWhiteSpace(search))
        {
            var text = DisplayName.Compose(search.Trim()).Replace("\\", "\\\\").Replace("%", "\\%").Replace("_", "\\_");
            // Both sides are upper-cased by ICU rules, independent of the server's locale: "STRASSE" finds "Straße".
            products = products.Where(product =>
                EF.Functions.Like(
                    EF.Functions.Collate(product.Name, Unicode).ToUpper(), "%" + EF.Functions.Collate(text, Unicode).ToUpper() + "%", "\\")
                || EF.Functions.Like(product.Sku, "%" + EF.Functions.Collate(text, Unicode).ToUpper() + "%", "\\"));
        }

        var page = await products.OrderBy(product => product.Sku).Take(count + 1).ToListAsync(cancellationToken);
        var next = page.Count > count ? Base64Url.EncodeToString(Encoding.ASCII.GetBytes(page[count - 1].Sku)) : null;
        return TypedResults.Ok(new ProductPage([.. page.Take(count).Select(ProductView.Of)], next));
    }

    /// <summary>A cursor is the last SKU of the previous page, encoded so that clients treat it as opaque.</summary>
    private static bool TryReadCursor(string cursor, out string sku)
    {
        sku = "";
        if (!Base64Url.IsValid(cursor) || !Sku.TryNormalise(Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)), out var canonical))
            return false;
        sku = canonical;
        return true;
    }
}

public sealed record ProductPage(IReadOnlyList<ProductView> Items, string? NextCursor);
