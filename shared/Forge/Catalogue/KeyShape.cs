using System.Collections.ObjectModel;

namespace ForgeShop.Forge;

/// <summary>The three forms of a <see cref="KeyShape"/>.</summary>
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
/// The shape of all keys of an entity type. A <see cref="KeyKind"/> converts to the plain form:
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
    /// A record with any fields, each with its kind: for tools that process keys of unknown entity types.
    /// </summary>
    public static KeyShape AnyRecord { get; } = new(KeyForm.Record, default, null, NoFields, isAny: true);

    /// <summary>Gets the form: value, record or list.</summary>
    public KeyForm Form { get; }

    /// <summary>Gets the kind of a value; null for records and lists.</summary>
    public KeyKind? Kind => Form is KeyForm.Value ? ValueKind : null;

    /// <summary>Gets the shape of the items of a list; null for other forms.</summary>
    public KeyShape? Element { get; }

    /// <summary>Gets the fields of a record; empty for other forms and for <see cref="AnyRecord"/>.</summary>
    public IReadOnlyDictionary<string, KeyShape> Fields { get; }

    internal KeyKind ValueKind { get; }

    internal bool IsAny { get; }

    internal int Depth { get; }

    /// <summary>Returns the plain form: one value.</summary>
    /// <param name="kind">Its kind.</param>
    public static implicit operator KeyShape(KeyKind kind) => Value(kind);

    /// <summary>Returns the shape of one value.</summary>
    /// <param name="kind">Its kind.</param>
    /// <exception cref="ForgeConfigurationException">The kind is not declared.</exception>
    public static KeyShape Value(KeyKind kind) => Enum.IsDefined(kind)
        ? new KeyShape(KeyForm.Value, kind, null, NoFields, isAny: false)
        : throw new ForgeConfigurationException("There is no such key kind.");

    /// <summary>Returns the shape of a record with these fields.</summary>
    /// <param name="fields">The fields, in any order; the derivation sorts them.</param>
    /// <exception cref="ForgeConfigurationException">There is no field, a field occurs twice, or a name is not
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

    /// <summary>Returns the shape of an ordered list, which may be empty.</summary>
    /// <param name="element">The shape of its items.</param>
    public static KeyShape List(KeyShape element)
    {
        ArgumentNullException.ThrowIfNull(element);
        return new KeyShape(KeyForm.List, default, element, NoFields, isAny: false);
    }
}
