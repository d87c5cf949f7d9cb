using System.Text.Json.Nodes;

namespace ForgeShop.Documents;

/// <summary>
/// JSON to BSON and back without loss: whole numbers become Int64, all others Decimal128, which keeps 12.50 and 0.1 exact. The driver's
/// own JSON reader is not used: it executes <c>{"$oid": ...}</c> in data. FerretDB refuses names with <c>$</c> and <c>.</c>, so these
/// are stored as <c>%24</c> and <c>%2E</c>.
/// </summary>
internal static class BsonJson
{
    public static BsonValue FromJson(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Aggregate(new BsonDocument(), (document, member) =>
            document.Set(member.Name.Replace("%", "%25").Replace("$", "%24").Replace(".", "%2E"), FromJson(member.Value))),
        JsonValueKind.Array => new BsonArray(json.EnumerateArray().Select(FromJson)),
        JsonValueKind.String => new BsonString(json.GetString()),
        JsonValueKind.Number when json.TryGetInt64(out var integer) => new BsonInt64(integer),
        JsonValueKind.Number =>
            Decimal128.TryParse(json.GetRawText(), out var number) ? new BsonDecimal128(number) : new BsonDouble(json.GetDouble()),
        JsonValueKind.True or JsonValueKind.False => (BsonBoolean)json.GetBoolean(),
        _ => BsonNull.Value,
    };

    public static JsonNode? ToJson(BsonValue value) => value switch
    {
        BsonDocument document => new JsonObject(document.Select(element =>
            KeyValuePair.Create(Uri.UnescapeDataString(element.Name), ToJson(element.Value)))),
        BsonArray array => new JsonArray([.. array.Select(ToJson)]),
        BsonString text => JsonValue.Create(text.Value),
        BsonInt32 or BsonInt64 => JsonValue.Create(value.ToInt64()),
        BsonDecimal128 number => JsonNode.Parse(number.Value.ToString()),
        BsonDouble number => JsonValue.Create(number.Value),
        BsonBoolean flag => JsonValue.Create(flag.Value),
        BsonNull => null,
        _ => throw new FormatException($"A stored document holds a {value.BsonType}, which JSON cannot represent."),
    };
}
