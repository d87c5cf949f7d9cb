using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Documents.Tests;

/// <summary>A document with a field of every type, and some JSON of any shape.</summary>
public sealed record Item
{
    public Guid? Owner { get; init; }
    public string? Name { get; init; }
    public long? Count { get; init; }
    public decimal? Price { get; init; }
    public DateTimeOffset? At { get; init; }
    public JsonElement? Anything { get; init; }

    public static readonly DocumentField<Item> OwnerField = new DocumentField<Item, Guid?>("owner", item => item.Owner);
    public static readonly DocumentField<Item> NameField = new DocumentField<Item, string?>("name", item => item.Name);
    public static readonly DocumentField<Item> CountField = new DocumentField<Item, long?>("count", item => item.Count);
    public static readonly DocumentField<Item> PriceField = new DocumentField<Item, decimal?>("unitPrice", item => item.Price);

    public static DocumentModel<Item> Model(string name) =>
        new(name, ItemJson.Default.Item, [OwnerField, CountField], [NameField], [CountField], [PriceField]);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Item))]
public sealed partial class ItemJson : JsonSerializerContext;
