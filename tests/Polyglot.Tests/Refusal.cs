using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ForgeShop.Forge;

namespace ForgeShop.Polyglot.Tests;

/// <summary>What is wrong with a derivation: where, the kind, the reason and the character to blame.</summary>
internal sealed partial record Refusal(string Where, string? Kind, string Reason, int? CodePoint)
{
    // Domains, entity types, algorithms and secrets have an exception of their own in .NET, and one reason in the ports.
    private const string Configuration = nameof(Configuration);

    /// <summary>Reads what <c>derive --why</c> prints.</summary>
    public static Refusal Read(string answer)
    {
        var parts = Answer().Match(answer);
        parts.Success.ShouldBeTrue($"'{answer}' does not say where, why and what");
        var kind = parts.Groups["kind"];
        return new Refusal(parts.Groups["where"].Value, kind.Success ? kind.Value : null, parts.Groups["reason"].Value, FirstCodePoint(parts.Groups["detail"].Value));
    }

    /// <summary>What the library says of a line of <see cref="HostileKeys"/>; null if it derives an ID.</summary>
    public static Refusal? OfDotnet(string line)
    {
        using var document = JsonDocument.Parse(line);
        var (item, key) = (document.RootElement, document.RootElement.GetProperty("key"));
        var where = "domain";
        try
        {
            ForgeAlgorithms.TryParse(Text(item, "algorithm"), out var algorithm).ShouldBeTrue();
            _ = new ForgeDomain(Text(item, "domain")!);
            where = "secret";
            var domain = new ForgeDomain(Text(item, "domain")!, algorithm, Text(item, "secret"));
            where = "entity";
            var entity = domain.Entity(Text(item, "entity")!, KeyShape.AnyRecord);
            if (key.TryGetProperty("fields", out var fields))
            {
                _ = Record(entity, fields);
            }
            else if (!KeyKinds.TryParse(Text(key, "kind"), out var kind))
            {
                // In .NET no plain key can be of a kind that does not exist: its entity type could not be declared.
                return new Refusal("key", null, nameof(KeyRefusal.WrongKind), null);
            }
            else
            {
                _ = domain.Entity(entity.Type.Name, kind).Derive(Text(key, "value")!);
            }

            return null;
        }
        catch (ForgeConfigurationException refused)
        {
            return new Refusal(where, null, Configuration, FirstCodePoint(refused.Message));
        }
        catch (ForgeKeyException refused)
        {
            var error = refused.Error;
            return new Refusal(error.Field is null ? "key" : $"field {error.Field}", error.Kind?.ToName(), error.Refusal.ToString(), error.CodePoint);
        }
    }

    /// <summary>What a language has to say where its texts are UTF-8 and no surrogate can be told in them.</summary>
    public Refusal InUtf8() => CodePoint is not (>= 0xD800 and <= 0xDFFF)
        ? this
        : this with { CodePoint = null, Reason = Reason is nameof(KeyRefusal.LoneSurrogate) ? nameof(KeyRefusal.InvalidUtf8) : Reason };

    private static Guid Record(EntityNamespace entity, JsonElement fields)
    {
        var key = entity.NewKey();
        try
        {
            AddFields(ref key, fields);
            return key.Derive();
        }
        finally
        {
            key.Dispose();
        }
    }

    private static void AddFields(ref RecordKey key, JsonElement fields)
    {
        foreach (var field in fields.EnumerateArray())
            Add(ref key, Unescaped(field[0]), field[1]);
    }

    private static void Add(ref RecordKey key, string? field, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Array)
        {
            if (field is null) key.BeginListItem();
            else key.BeginList(field);
            foreach (var item in value.EnumerateArray())
                Add(ref key, null, item);
            key.End();
        }
        else if (value.ValueKind is JsonValueKind.Object && value.TryGetProperty("fields", out var fields))
        {
            if (field is null) key.BeginRecordItem();
            else key.BeginRecord(field);
            AddFields(ref key, fields);
            key.End();
        }
        else if (field is null) key.AddItem(Leaf(value));
        else key.Add(field, Leaf(value));
    }

    private static KeyValue Leaf(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Null || Text(value, "value") is not { } text) return default;
        return KeyKinds.TryParse(Text(value, "kind"), out var kind) ? KeyValue.Of(kind, text) : KeyValue.Of((KeyKind)(-1), text);
    }

    private static string? Text(JsonElement item, string member) =>
        item.TryGetProperty(member, out var value) && value.ValueKind is JsonValueKind.String ? Unescaped(value) : null;

    // JsonElement.GetString refuses lone surrogates; \uXXXX is the only escape in the lines.
    private static string Unescaped(JsonElement text) =>
        Escape().Replace(text.GetRawText()[1..^1], escape => ((char)ushort.Parse(escape.ValueSpan[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString());

    private static int? FirstCodePoint(string text) => NamedCodePoint().Match(text) is { Success: true } name
        ? int.Parse(name.ValueSpan[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : null;

    [GeneratedRegex(@"^error: (?<where>[^(:]+?)(?: \((?<kind>[a-z0-9]+)\))?: (?<reason>[A-Za-z0-9]+): (?<detail>.+)$")]
    private static partial Regex Answer();

    [GeneratedRegex(@"\\u[0-9a-f]{4}")]
    private static partial Regex Escape();

    [GeneratedRegex("U\\+[0-9A-F]{4,6}")]
    private static partial Regex NamedCodePoint();
}
