using System.Text.Json;

namespace ForgeShop.Forge.Cli;

/// <summary>forge-id.json, kinds: {kind, input, canonical or error}.</summary>
internal sealed class ForgeKindVector : IVectorShape
{
    public bool Recognises(JsonElement vector) => Vector.Has(vector, "kind") && Vector.Has(vector, "input");

    public string? Check(JsonElement vector)
    {
        Vector.MustExpect(vector, "canonical");
        // The name of a plain key is its canonical text, whatever the domain and entity type.
        var entity = new ForgeDomain("forgeshop.example").Entity("kinds", ForgeIdVector.Kind(vector));
        return Vector.Differs(vector, "canonical", entity.GetName(Vector.Text(vector, "input")));
    }
}

/// <summary>forge-id.json, ids: {algorithm, domain, entity, secret?, key, namespace, name, uuid or error}.</summary>
internal sealed class ForgeIdVector : IVectorShape
{
    public bool Recognises(JsonElement vector) => Vector.Has(vector, "domain") && Vector.Has(vector, "entity") && Vector.Has(vector, "key");

    public string? Check(JsonElement vector)
    {
        Vector.MustExpect(vector, "uuid", "name", "namespace");
        var key = Vector.Get(vector, "key");
        var isRecord = Vector.Has(key, "fields");
        if (isRecord && Vector.Has(key, "kind")) throw new MalformedVectorException("the key is both a value and a record");
        var entity = Domain(vector).Entity(Vector.Text(vector, "entity"), isRecord ? KeyShape.AnyRecord : KeyShape.Value(Kind(key)));
        var (name, id) = isRecord ? Record(entity, Vector.Get(key, "fields")) : Plain(entity, Vector.Text(key, "value"));
        return Vector.Differs(vector, "namespace", Uuid.ToText(entity.Id)) ?? Vector.Differs(vector, "name", name)
            ?? Vector.Differs(vector, "uuid", Uuid.ToText(id));
    }

    public static KeyKind Kind(JsonElement value) =>
        KeyKinds.TryParse(Vector.Text(value, "kind"), out var kind) ? kind : throw new MalformedVectorException("there is no such kind");

    private static ForgeDomain Domain(JsonElement vector)
    {
        if (!ForgeAlgorithms.TryParse(Vector.Text(vector, "algorithm"), out var algorithm)) throw new MalformedVectorException(
            "there is no such algorithm");
        return new ForgeDomain(Vector.Text(vector, "domain"), algorithm, Vector.OptionalText(vector, "secret"));
    }

    private static (string Name, Guid Id) Plain(EntityNamespace entity, string value) => (entity.GetName(value), entity.Derive(value));

    private static (string Name, Guid Id) Record(EntityNamespace entity, JsonElement fields)
    {
        var key = entity.NewKey();
        try
        {
            AddFields(ref key, fields);
            return (key.GetName(), key.Derive());
        }
        finally
        {
            key.Dispose();
        }
    }

    private static void AddFields(ref RecordKey key, JsonElement fields)
    {
        if (fields.ValueKind is not JsonValueKind.Array) throw new MalformedVectorException("the fields are not an array");
        foreach (var field in fields.EnumerateArray())
        {
            if (field.ValueKind is not JsonValueKind.Array || field.GetArrayLength() != 2 || field[0].ValueKind is not JsonValueKind.String)
            {
                throw new MalformedVectorException("a field is not a pair of name and value");
            }
            Add(ref key, JsonText.Read(field[0]), field[1]);
        }
    }

    private static void Add(ref RecordKey key, string? field, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Array)
        {
            if (field is null) key.BeginListItem();
            else key.BeginList(field);
            foreach (var item in value.EnumerateArray()) Add(ref key, null, item);
            key.End();
        }
        else if (Vector.Has(value, "fields") && !Vector.Has(value, "kind"))
        {
            if (field is null) key.BeginRecordItem();
            else key.BeginRecord(field);
            AddFields(ref key, Vector.Get(value, "fields"));
            key.End();
        }
        else if (field is null) key.AddItem(KeyValue.Of(Kind(value), Vector.Text(value, "value")));
        else key.Add(field, Kind(value), Vector.Text(value, "value"));
    }
}
