using System.Globalization;
using System.Numerics;

namespace ForgeShop.Forge;

/// <summary>Adds fields, items, lists and nested records.</summary>
public ref partial struct RecordKey
{
    /// <summary>Adds a field.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="value">Its value; text is of the declared kind.</param>
    public void Add(string field, KeyValue value) => Put(field, value);

    /// <summary>Adds a field whose kind the entity type declares.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="value">Its value as text.</param>
    public void Add(string field, ReadOnlySpan<char> value) => PutText(field, null, value);

    /// <summary>Adds a field whose kind the entity type declares.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="utf8Value">Its value as UTF-8 text.</param>
    public void Add(string field, ReadOnlySpan<byte> utf8Value) => PutText(field, null, utf8Value);

    /// <summary>Adds a field with its kind, which must be the declared one.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="value">Its value as text.</param>
    public void Add(string field, KeyKind kind, ReadOnlySpan<char> value) => PutText(field, kind, value);

    /// <summary>Adds a field with its kind, which must be the declared one.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="utf8Value">Its value as UTF-8 text.</param>
    public void Add(string field, KeyKind kind, ReadOnlySpan<byte> utf8Value) => PutText(field, kind, utf8Value);

    /// <summary>Adds an item to the open list.</summary>
    /// <param name="value">The item.</param>
    public void AddItem(KeyValue value) => Put(null, value);

    /// <summary>Begins a field that is a list. <see cref="End"/> ends it.</summary>
    /// <param name="field">The field's name.</param>
    public void BeginList(string field) => Begin(field, isRecord: false);

    /// <summary>Begins an item of the open list that is itself a list. <see cref="End"/> ends it.</summary>
    public void BeginListItem() => Begin(null, isRecord: false);

    /// <summary>Begins a field that is a nested record. <see cref="End"/> ends it.</summary>
    /// <param name="field">The field's name.</param>
    public void BeginRecord(string field) => Begin(field, isRecord: true);

    /// <summary>Begins an item of the open list that is a record. <see cref="End"/> ends it.</summary>
    public void BeginRecordItem() => Begin(null, isRecord: true);

    /// <summary>Ends the open list or nested record.</summary>
    /// <exception cref="InvalidOperationException">No list or nested record is open.</exception>
    public void End()
    {
        if (Failed) return;
        if (_depth <= 1) throw new InvalidOperationException("No list or nested record is open.");
        Close();
    }

    private void Put(string? field, in KeyValue value)
    {
        switch (value.What)
        {
            case KeyValue.Content.Text:
                PutText<char>(field, value.Kind, value.AsText);
                break;
            case KeyValue.Content.Number:
                Span<char> digits = stackalloc char[20];
                value.AsNumber.TryFormat(digits, out var length, provider: CultureInfo.InvariantCulture);
                PutText<char>(field, value.Kind, digits[..length]);
                break;
            case KeyValue.Content.Decimal:
                Span<char> number = stackalloc char[32];
                value.AsDecimal.TryFormat(number, out length, provider: CultureInfo.InvariantCulture);
                PutText<char>(field, value.Kind, number[..length]);
                break;
            case KeyValue.Content.Truth:
                PutText<char>(field, value.Kind, value.AsTruth ? "true" : "false");
                break;
            case KeyValue.Content.Id:
                Span<byte> text = stackalloc byte[Uuid.TextLength];
                CanonicalKey.WriteUuid(value.AsId, text, out _);
                PutText<byte>(field, value.Kind, text);
                break;
            case KeyValue.Content.Instant:
                PutInstant(field, value);
                break;
            case KeyValue.Content.List:
                Begin(field, isRecord: false);
                // A refusal ends the traversal: values can share parts, so without it the number of steps is unlimited.
                foreach (ref readonly var item in value.AsList.AsSpan())
                {
                    if (Failed) return;
                    Put(null, item);
                }
                End();
                break;
            case KeyValue.Content.Record:
                Begin(field, isRecord: true);
                foreach (var (name, inner) in value.AsRecord)
                {
                    if (Failed) return;
                    PutField(name, inner);
                }
                End();
                break;
            default:
                if (BeginValue(field, out _)) Fail(KeyRefusal.Missing, field: field);
                break;
        }
    }

    // A field of a nested record must have a name; Put itself takes null for the items of a list.
    private void PutField(string? name, in KeyValue value)
    {
        if (name is null) Fail(KeyRefusal.FieldName);
        else Put(name, value);
    }

    private void PutInstant(string? field, in KeyValue value)
    {
        if (!BeginValue(field, out var shape) || !Resolve(field, value.Kind, shape, out var kind)) return;
        if (kind is not (KeyKind.Ts3 or KeyKind.Ts6))
        {
            Fail(KeyRefusal.WrongKind, kind, field: field);
            return;
        }
        Reserve(CanonicalKey.Bound(kind, 0) + 8);
        BeginLeaf(kind);
        var refusal = CanonicalKey.WriteInstant(value.AsInstant, kind is KeyKind.Ts3 ? 3 : 6, _buffer[_length..], out var written);
        if (refusal is not KeyRefusal.None) Fail(refusal, kind, field: field);
        else EndLeaf(written);
    }

    private void PutText<T>(string? field, KeyKind? given, scoped ReadOnlySpan<T> value) where T : unmanaged, IBinaryInteger<T>
    {
        if (!BeginValue(field, out var shape) || !Resolve(field, given, shape, out var kind)) return;
        BeginLeaf(kind);
        Reserve(CanonicalKey.Bound(kind, value.Length));
        var refusal = CanonicalKey.Write(kind, value, _buffer[_length..], out var written, out var codePoint);
        if (refusal is not KeyRefusal.None) Fail(refusal, kind, codePoint, field);
        else EndLeaf(written);
    }

    // Returns the kind of a value: the declared one or the one that was named. If there are both, they must be equal.
    private bool Resolve(string? field, KeyKind? given, KeyShape? declared, out KeyKind kind)
    {
        kind = given ?? declared?.ValueKind ?? default;
        if (declared is null)
        {
            if (given is { } named && Enum.IsDefined(named)) return true;
            Fail(KeyRefusal.WrongKind, field: field);
            return false;
        }
        if (declared.Form is not KeyForm.Value)
        {
            Fail(KeyRefusal.WrongShape, field: field);
            return false;
        }
        if (kind == declared.ValueKind) return true;
        Fail(KeyRefusal.WrongKind, declared.ValueKind, field: field);
        return false;
    }
}
