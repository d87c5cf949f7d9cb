using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// Writes the JSON. Every field and item is written with a comma after it; when a record ends, its fields are sorted by their bytes, and
/// the closing bracket replaces the last comma.
/// </summary>
public ref partial struct RecordKey
{
    /// <summary>The range of a field in the buffer, from its first quote to its comma.</summary>
    private record struct Entry(int Start, int End, int NameLength);

    /// <summary>An open record or list.</summary>
    private struct Level
    {
        public bool IsRecord;
        public int Start;
        public int FirstEntry;
        public int OwnEntry;
        public int Items;
        public KeyShape? Shape;
        public string? Field;
    }

    [InlineArray(EntityType.MaxDepth)]
    private struct Levels
    {
        [SuppressMessage("Style", "IDE0044", Justification = "The element of an inline array is written through its indexer.")]
        private Level _first;
    }

    [InlineArray(Size)]
    private struct FirstEntries
    {
        public const int Size = 16;
        [SuppressMessage("Style", "IDE0044", Justification = "The element of an inline array is written through its indexer.")]
        private Entry _first;
    }

    [UnscopedRef]
    private Span<Entry> Entries => _moreEntries is null ? _firstEntries : _moreEntries;

    private void Open(bool isRecord, KeyShape? shape, int entry, string? field = null)
    {
        _levels[_depth] = new Level { IsRecord = isRecord, Start = _length, FirstEntry = _entries, OwnEntry = entry, Shape = shape,
            Field = field };
        _depth++;
    }

    private void Begin(string? field, bool isRecord)
    {
        if (!BeginValue(field, out var shape)) return;
        if (shape is not null && shape.Form != (isRecord ? KeyForm.Record : KeyForm.List)) Fail(KeyRefusal.WrongShape, field: field);
        else if (_depth == EntityType.MaxDepth) Fail(KeyRefusal.TooDeep, field: field);
        if (Failed) return;
        Write(isRecord ? (byte)'{' : (byte)'[');
        Open(isRecord, shape is { IsAny: true } ? null : shape, _entries - 1, field);
    }

    // Begins a field (with its name) or an item. Returns its declared shape, if there is one.
    private bool BeginValue(string? field, out KeyShape? shape)
    {
        shape = null;
        if (Failed) return false;
        if (_complete) throw new InvalidOperationException("The ID of this key has been derived; nothing can be added.");
        ref var level = ref _levels[_depth - 1];
        if (level.IsRecord != field is not null)
        {
            // A field of a list or an item of a record: an error of the shape, not of a value.
            Fail(KeyRefusal.WrongShape, field: field);
            return false;
        }
        if (field is null)
        {
            level.Items++;
            shape = level.Shape?.Element;
            return true;
        }
        return BeginField(field, ref level, out shape);
    }

    private bool BeginField(string field, scoped ref Level level, out KeyShape? shape)
    {
        shape = null;
        var wrong = FieldName.FirstWrong(field);
        if (wrong >= 0 || field.Length is 0 or > FieldName.MaxLength)
        {
            Fail(KeyRefusal.FieldName, codePoint: wrong < 0 ? -1 : CodePoint.At(field, wrong));
            return false;
        }
        if (level.Shape is not null && !level.Shape.Fields.TryGetValue(field, out shape))
        {
            Fail(KeyRefusal.UnknownField, field: field);
            return false;
        }
        level.Items++;
        AddEntry(new Entry(_length, 0, field.Length));
        Reserve(field.Length + 3);
        _buffer[_length++] = (byte)'"';
        _length += Encoding.ASCII.GetBytes(field, _buffer[_length..]);
        _buffer[_length++] = (byte)'"';
        _buffer[_length++] = (byte)':';
        return true;
    }

    private void BeginLeaf(KeyKind kind)
    {
        Write((byte)'"');
        Write(kind.LeafPrefix());
    }

    // The buffer has the canonical text; JSON escapes its quotes and backslashes only.
    private void EndLeaf(int written)
    {
        var escapes = 0;
        foreach (var b in _buffer.Slice(_length, written)) escapes += b is (byte)'"' or (byte)'\\' ? 1 : 0;
        _length += written; // before the buffer grows, which copies only this length
        Reserve(escapes + 2);
        for (int from = _length - 1, to = from + escapes; to > from; from--)
        {
            var b = _buffer[from];
            _buffer[to--] = b;
            if (b is (byte)'"' or (byte)'\\') _buffer[to--] = (byte)'\\';
        }
        _length += escapes;
        _buffer[_length++] = (byte)'"';
        EndValue(_entries - 1);
    }

    private void EndValue(int entry)
    {
        Write((byte)',');
        if (_levels[_depth - 1].IsRecord) Entries[entry].End = _length;
    }

    private void Close()
    {
        ref var level = ref _levels[_depth - 1];
        var (isRecord, items, start, own) = (level.IsRecord, level.Items, level.Start, level.OwnEntry);
        if (isRecord)
        {
            if (items == 0) Fail(KeyRefusal.NoFields);
            else if (level.Shape is { } shape && shape.Fields.Count > items) Fail(
                KeyRefusal.MissingField, field: FirstMissing(shape, level.FirstEntry));
            else if (Order(level.FirstEntry, start) is { } twice) Fail(KeyRefusal.DuplicateField, field: twice);
            if (Failed) return;
        }
        _entries = level.FirstEntry;
        _depth--;
        if (items == 0) Write((byte)']');
        else _buffer[_length - 1] = isRecord ? (byte)'}' : (byte)']';
        if (_depth > 0) EndValue(own);
    }

    private string? FirstMissing(KeyShape shape, int firstEntry)
    {
        foreach (var name in shape.Fields.Keys.Order(StringComparer.Ordinal))
        {
            var found = false;
            for (var i = firstEntry; i < _entries && !found; i++) found = Name(Entries[i]).SequenceEqual(Encoding.ASCII.GetBytes(name));
            if (!found) return name;
        }
        return null;
    }

    private void AddEntry(Entry entry)
    {
        if (_entries == Entries.Length)
        {
            var more = ArrayPool<Entry>.Shared.Rent(_entries * 2);
            Entries.CopyTo(more);
            if (_moreEntries is not null) ArrayPool<Entry>.Shared.Return(_moreEntries);
            _moreEntries = more;
        }
        Entries[_entries++] = entry;
    }

    // Returns the path of the value with the error: a.b[2]. Only valid field names are repeated.
    private readonly string? Path(string? field)
    {
        var path = new StringBuilder();
        for (var i = 1; i < _depth; i++)
        {
            if (_levels[i].Field is { } name) path.Append(path.Length > 0 ? "." : "").Append(name);
            else path.Append(CultureInfo.InvariantCulture, $"[{_levels[i - 1].Items - 1}]");
        }
        if (FieldName.IsValid(field)) path.Append(path.Length > 0 ? "." : "").Append(field);
        else if (field is null && _depth > 1 && !_levels[_depth - 1].IsRecord && _levels[_depth - 1].Items > 0) path.Append(
            CultureInfo.InvariantCulture, $"[{_levels[_depth - 1].Items - 1}]");
        return path.Length == 0 ? null : path.ToString();
    }
}
