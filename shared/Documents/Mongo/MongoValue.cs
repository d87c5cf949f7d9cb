using MongoDB.Bson;

namespace ForgeShop.Documents.Mongo;

/// <summary>IDs and declared fields in the BSON types that compare as the port promises.</summary>
internal static class MongoValue
{
    public static string Path<T>(DocumentField<T> field) => $"fields.{field.Name}";

    public static Guid Id(BsonDocument stored) => stored["_id"].AsBsonBinaryData.ToGuid(GuidRepresentation.Standard);

    public static BsonValue Of(object? value) => value switch
    {
        null => BsonNull.Value,
        // Subtype 4, network order: what every other language's driver calls a UUID.
        Guid uuid => new BsonBinaryData(uuid, GuidRepresentation.Standard),
        string text => new BsonString(text),
        long integer => new BsonInt64(integer),
        decimal number => new BsonDecimal128(number),
        DateTimeOffset time => new BsonDateTime(time.ToUnixTimeMilliseconds()),
        _ => throw new ArgumentException($"A field cannot hold a {value.GetType().Name}.", nameof(value)),
    };

    public static object ToObject(BsonValue value) => value.BsonType switch
    {
        BsonType.Binary => value.AsBsonBinaryData.ToGuid(GuidRepresentation.Standard),
        BsonType.String => value.AsString,
        BsonType.Int64 => value.AsInt64,
        BsonType.Decimal128 => Decimal128.ToDecimal(value.AsDecimal128),
        BsonType.DateTime => DateTimeOffset.FromUnixTimeMilliseconds(value.AsBsonDateTime.MillisecondsSinceEpoch),
        _ => throw new ArgumentException($"A field of a stored document is a {value.BsonType}.", nameof(value)),
    };
}
