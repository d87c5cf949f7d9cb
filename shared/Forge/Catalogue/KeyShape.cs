using System.Collections.ObjectModel;

namespace ForgeShop.Forge;

/// <summary>Which of the three things a <see cref="KeyShape"/> describes.</summary>
public enum KeyForm
{
    /// <summary>One value of one kind. As the whole key: the plain form.</summary>
    Value,

    /// <summary>Named fields. As the whole key: the record form.</summary>
    Record,

    /// <summary>An ordered list; only inside a record.</summary>
    List,
}

/// <summary>
/// The one shape that all keys of an entity type have. A <see cref="KeyKind"/> converts to the plain form:
/// <c>domain.Entity("users", KeyKind.Email)</c>. Immutable.
/// </summary>
public sealed class KeyShape
{
    private static readonly ReadOnlyDictionary<string, KeyShape> NoFields = ReadOnlyDictionary<string, KeyShape>.Empty;

    private KeyShape(KeyForm form, KeyKind kind, KeyShape? element, ReadOnlyDictionary<string, KeyShape> fields, bool isAny)
    {
        (Form, ValueKind, Element, Fields, IsAny) = (form, kind, element, fields, isAny);
        Depth = form is KeyForm.Value ? 0 : 1 + fields.Values.Append(element).Max(inner => inner?.Depth ?? 0);
    }

    /// <summary>
    /// A record of whatever fields a key brings, each with its kind: for tools that meet keys of types which they do not know.
    /// </summary>
    public static KeyShape AnyRecord { get; } = new(KeyForm.Record, default, null, NoFields, isAny: true);

    /// <summary>Value, record or list.</summary>
    public KeyForm Form { get; }

    /// <summary>The kind of a value; null for records and lists.</summary>
    public KeyKind? Kind => Form is KeyForm.Value ? ValueKind : null;

    /// <summary>What a list holds; null for anything else.</summary>
    public KeyShape? Element { get; }

    /// <summary>The fields of a record; empty for anything else and for <see cref="AnyRecord"/>.</summary>
    public IReadOnlyDictionary<string, KeyShape> Fields { get; }

    internal KeyKind ValueKind { get; }

    internal bool IsAny { get; }

    internal int Depth { get; }

    /// <summary>The plain form: one value.</summary>
    /// <param name="kind">Its kind.</param>
    public static implicit operator KeyShape(KeyKind kind) => Value(kind);

    /// <summary>One value.</summary>
    /// <param name="kind">Its kind.</param>
    /// <exception cref="ForgeConfigurationException">Not one of the kinds.</exception>
    public static KeyShape Value(KeyKind kind) => Enum.IsDefined(kind)
        ? new KeyShape(KeyForm.Value, kind, null, NoFields, isAny: false)
        : throw new ForgeConfigurationException("There is no such key kind.");

    /// <summary>A record of named fields.</summary>
    /// <param name="fields">The fields, in any order: the derivation sorts them.</param>
    /// <exception cref="ForgeConfigurationException">No field, a field twice, or a name that is not
    /// <c>^[a-z][a-z0-9_]{0,63}$</c>.</exception>
    public static KeyShape Record(params ReadOnlySpan<(string Name, KeyShape Shape)> fields)
    {
        if (fields.IsEmpty) throw new ForgeConfigurationException("A record key has at least one field.");
        var byName = new Dictionary<string, KeyShape>(StringComparer.Ordinal);
        foreach (var (name, shape) in fields)
        {
            ArgumentNullException.ThrowIfNull(shape);
            if (!FieldName.IsValid(name)) throw new ForgeConfigurationException(
                "A field's name is a lower-case letter and up to 63 lower-case letters, digits and underscores.");
            if (!byName.TryAdd(name, shape)) throw new ForgeConfigurationException($"The field '{name}' is declared twice.");
        }
        return new KeyShape(KeyForm.Record, default, null, new ReadOnlyDictionary<string, KeyShape>(byName), isAny: false);
    }

    /// <summary>An ordered list, which may be empty.</summary>
    /// <param name="element">What it holds.</param>
    public static KeyShape List(KeyShape element)
    {
        ArgumentNullException.ThrowIfNull(element);
        return new KeyShape(KeyForm.List, default, element, NoFields, isAny: false);
    }
}
