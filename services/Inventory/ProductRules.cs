using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Inventory;

/// <summary>The validation rules of a product. Each returns the message for the caller; null if the value is valid.</summary>
public static class ProductRules
{
    public const int MaxStock = 1_000_000;
    public const decimal MaxPrice = 1_000_000_000m;
    public const string SkuForm = "A SKU has 1 to 64 letters, digits and . _ ~ -, a letter or digit first.";

    public static string? Name(string? name)
    {
        if (name is null)
            return "A name is required.";
        if (name.Any(char.IsControl))
            return "A name must not contain control characters.";
        return name.Trim().EnumerateRunes().Count() is < 1 or > 200 ? "A name has 1 to 200 characters." : null;
    }

    public static string? Price(Money? price) => price switch
    {
        null => "A price is required.",
        { Amount: <= 0 or > MaxPrice } => $"A price is above 0 and at most {MaxPrice}.",
        { Amount: var amount } when decimal.Round(amount, 2) != amount => "A price has at most two decimals.",
        _ => null,
    };

    public static string? Stock(int? stock) => stock is >= 0 and <= MaxStock ? null : $"A stock of 0 to {MaxStock} is required.";

    public static IResult BadSku() => Problems.Validation("sku", SkuForm);
}
