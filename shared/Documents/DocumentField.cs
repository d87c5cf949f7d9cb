namespace ForgeShop.Documents;

public enum FieldKind
{
    Uuid,
    Text,
    Integer,
    Decimal,
    Time,
}

/// <summary>
/// A value of a document that queries may name. It is computed on each write and stored beside the document in the store's own
/// type, so that it compares alike everywhere: UUIDs and text by byte, numbers by value, times in whole milliseconds (MongoDB
/// has no finer ones). A document whose value is null is found by no condition on that field and by no order by it.
/// </summary>
public abstract class DocumentField<T>
{
    private protected DocumentField(string name, FieldKind kind)
    {
        Names.Check(name, Names.FieldPattern, "field");
        Name = name;
        Kind = kind;
    }

    public string Name { get; }

    public FieldKind Kind { get; }

    internal abstract object? ValueOf(T document);
}

/// <inheritdoc />
public sealed class DocumentField<T, TValue> : DocumentField<T>
{
    private readonly Func<T, object?> _select;

    internal DocumentField(string name, FieldKind kind, Func<T, object?> select) : base(name, kind) => _select = select;

    internal override object? ValueOf(T document) => Normalise(_select(document));

    internal static object? Normalise(object? value) => value is DateTimeOffset time
        ? new DateTimeOffset(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero)
        : value;
}

/// <summary>Declares the fields of a document type.</summary>
public static class DocumentField
{
    public static DocumentField<T, Guid> Uuid<T>(string name, Func<T, Guid?> select) => new(name, FieldKind.Uuid, document => select(document));

    public static DocumentField<T, string> Text<T>(string name, Func<T, string?> select) => new(name, FieldKind.Text, select);

    public static DocumentField<T, long> Integer<T>(string name, Func<T, long?> select) => new(name, FieldKind.Integer, document => select(document));

    public static DocumentField<T, decimal> Decimal<T>(string name, Func<T, decimal?> select) => new(name, FieldKind.Decimal, document => select(document));

    public static DocumentField<T, DateTimeOffset> Time<T>(string name, Func<T, DateTimeOffset?> select) => new(name, FieldKind.Time, document => select(document));
}
