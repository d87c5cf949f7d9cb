namespace ForgeShop.Inventory;

/// <summary>The validation rules of a product. Each returns the message for the caller, or null if the value is valid.</summary>
public static class ProductRules
{
    public const int MaxStock = 1_000_000;
    public const decimal MaxPrice = 1_000_000_000m;
    public const string SkuForm = "A SKU has 1 to 64 letters, digits and . _ ~ -, a letter or digit first.";

    /// <summary>Returns the name in its stored form, or the validation message.</summary>
    public static (string? Text, string? Problem) Name(string? name) => DisplayName.Check(name, "A name", 1, 200);

    public static string? Price(Money? price) => price switch
    {
        null => "A price is required.",
        { Amount: <= 0 or > MaxPrice } => $"A price is above 0 and at most {MaxPrice}.",
        _ => null,
    };

    public static string? Stock(int? stock) => stock is >= 0 and <= MaxStock ? null : $"A stock of 0 to {MaxStock} is required.";

    public static string? Change(int? change) =>
        change is >= -MaxStock and <= MaxStock and not 0
            ? null
            : $"A change of 1 to {MaxStock} pieces is required, negative to take them out.";

    public static IResult NotFound() => Problems.NotFound("product-not-found", "Product not found.");

    public static IResult BadSku() => Problems.Validation("sku", SkuForm);
}
