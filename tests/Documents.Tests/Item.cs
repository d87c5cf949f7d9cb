using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Documents.Tests;

/// <summary>A document with a field of every kind, and some JSON of any shape.</summary>
public sealed record Item
{
    public Guid? Owner { get; init; }
    public string? Name { get; init; }
    public long? Count { get; init; }
    public decimal? Price { get; init; }
    public DateTimeOffset? At { get; init; }
    public JsonElement? Anything { get; init; }

    public static readonly DocumentField<Item, Guid> OwnerField = DocumentField.Uuid<Item>("owner", item => item.Owner);
    public static readonly DocumentField<Item, string> NameField = DocumentField.Text<Item>("name", item => item.Name);
    public static readonly DocumentField<Item, long> CountField = DocumentField.Integer<Item>("count", item => item.Count);
    public static readonly DocumentField<Item, decimal> PriceField = DocumentField.Decimal<Item>("unitPrice", item => item.Price);
    public static readonly DocumentField<Item, DateTimeOffset> AtField = DocumentField.Time<Item>("at", item => item.At);

    public static DocumentModel<Item> Model(string name) =>
        new(name, ItemJson.Default.Item, [OwnerField, AtField], [NameField], [CountField], [PriceField], [AtField]);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Item))]
public sealed partial class ItemJson : JsonSerializerContext;
