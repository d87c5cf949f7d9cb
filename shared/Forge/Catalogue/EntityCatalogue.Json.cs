using System.Text.Json;

namespace ForgeShop.Forge;

/// <summary>Parses a catalogue.</summary>
public sealed partial class EntityCatalogue
{
    /// <summary>
    /// Parses a catalogue: <c>{"domain": "forgeshop.example", "entities": {"users": {"prefix": "usr", "key": "email"},
    /// "orders": {"key": {"user": "uuid", "reference": "text"}}}}</c>. A key is a kind (plain form) or an object of fields (record form);
    /// in it, a value is a kind, an object (nested record), or an array of one shape (list).
    /// </summary>
    /// <param name="utf8Json">The JSON text. Unknown members are refused, because one can be a misspelling.</param>
    /// <exception cref="ForgeConfigurationException">The text is not a valid catalogue.</exception>
    public static EntityCatalogue Parse(ReadOnlyMemory<byte> utf8Json)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8Json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            string? domain = null;
            var types = new List<EntityType>();
            foreach (var member in Members(document.RootElement, "the catalogue"))
            {
                if (member.NameEquals("domain")) domain = Text(member.Value, "domain");
                else if (member.NameEquals("entities")) types.AddRange(Members(member.Value, "entities").Select(ReadType));
                else throw new ForgeConfigurationException($"The catalogue has an unknown member '{member.Name}'.");
            }
            return new EntityCatalogue(domain ?? throw new ForgeConfigurationException("The catalogue names no domain."), types);
        }
        catch (JsonException error)
        {
            throw new ForgeConfigurationException($"The catalogue is not valid JSON (line {error.LineNumber + 1}).", error);
        }
        catch (InvalidOperationException error)
        {
            // half a surrogate pair, or bytes that are not UTF-8
            throw new ForgeConfigurationException("The catalogue has a text that is not Unicode.", error);
        }
    }

    private static EntityType ReadType(JsonProperty entity)
    {
        string? prefix = null;
        KeyShape? shape = null;
        foreach (var member in Members(entity.Value, entity.Name))
        {
            if (member.NameEquals("prefix")) prefix = Text(member.Value, $"{entity.Name}.prefix");
            else if (member.NameEquals("key")) shape = ReadShape(member.Value, $"{entity.Name}.key");
            else if (!member.NameEquals("description")) throw new ForgeConfigurationException(
                $"{entity.Name} has an unknown member '{member.Name}'.");
        }
        return new EntityType(entity.Name, shape ?? throw new ForgeConfigurationException($"{entity.Name} declares no key."), prefix);
    }

    private static KeyShape ReadShape(JsonElement element, string where) => element.ValueKind switch
    {
        JsonValueKind.Object =>
            KeyShape.Record([.. Members(element, where).Select(field => (field.Name, ReadShape(field.Value, $"{where}.{field.Name}")))]),
        JsonValueKind.Array when element.GetArrayLength() == 1 => KeyShape.List(ReadShape(element[0], $"{where}[]")),
        JsonValueKind.String when KeyKinds.TryParse(element.GetString(), out var kind) => KeyShape.Value(kind),
        _ => throw new ForgeConfigurationException($"{where} is not a kind, an object of fields or an array of one shape."),
    };

    private static JsonElement.ObjectEnumerator Members(JsonElement element, string where) => element.ValueKind is JsonValueKind.Object
        ? element.EnumerateObject()
        : throw new ForgeConfigurationException($"{where} is not an object.");

    private static string Text(JsonElement element, string where) => element.ValueKind is JsonValueKind.String
        ? element.GetString()!
        : throw new ForgeConfigurationException($"{where} is not a string.");
}
