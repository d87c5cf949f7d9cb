using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ForgeShop.Forge;

/// <summary>
/// Writes the canonical form in one pass: each value is written with a comma after it; when an object ends, its members are sorted, and the
/// closing brace replaces the last comma. Its own stack keeps the call stack flat.
/// </summary>
internal sealed class JcsWriter(int sizeHint) : IDisposable
{
    private readonly Stack<Level> _levels = new();
    private readonly List<Member> _members = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(256, sizeHint));
    private int _length;

    private readonly record struct Level(bool IsObject, int Start, int FirstMember);

    private readonly record struct Member(string Name, int Start, int End);

    public ReadOnlySpan<byte> Canonicalize(ReadOnlySpan<byte> utf8Json)
    {
        if (!System.Text.Unicode.Utf8.IsValid(utf8Json)) throw new JcsException("invalid-json", "The text is not UTF-8.");
        // One level more than the maximum, so that this class reports the error.
        var reader = new Utf8JsonReader(utf8Json, new JsonReaderOptions { MaxDepth = Jcs.MaxDepth + 1 });
        try
        {
            while (reader.Read()) Write(ref reader);
        }
        catch (JsonException error)
        {
            throw new JcsException(
                "invalid-json", $"The text is not JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}).", error);
        }
        return _buffer.AsSpan(0, _length - 1);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Write(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Open(isObject: true, reader.TokenStartIndex);
                break;
            case JsonTokenType.StartArray:
                Open(isObject: false, reader.TokenStartIndex);
                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                Close(reader.TokenStartIndex);
                EndValue();
                break;
            case JsonTokenType.PropertyName:
                var start = _length;
                WriteString(ref reader);
                _members.Add(new Member(reader.GetString()!, start, 0));
                Put((byte)':');
                break;
            case JsonTokenType.String:
                WriteString(ref reader);
                EndValue();
                break;
            case JsonTokenType.Number:
                WriteNumber(ref reader);
                EndValue();
                break;
            default:
                Put(reader.ValueSpan); // true, false, null
                EndValue();
                break;
        }
    }

    private void Open(bool isObject, long at)
    {
        if (_levels.Count == Jcs.MaxDepth) throw new JcsException("too-deep", $"Nested deeper than {Jcs.MaxDepth} levels at byte {at}.");
        Put(isObject ? (byte)'{' : (byte)'[');
        _levels.Push(new Level(isObject, _length, _members.Count));
    }

    private void EndValue()
    {
        Put((byte)',');
        if (_levels.TryPeek(out var level) && level.IsObject) CollectionsMarshal.AsSpan(_members)[^1] = _members[^1] with { End = _length };
    }

    private void Close(long at)
    {
        var level = _levels.Pop();
        if (level.IsObject)
        {
            Order(level, at);
            CollectionsMarshal.SetCount(_members, level.FirstMember);
        }
        var bracket = level.IsObject ? (byte)'}' : (byte)']';
        if (_length == level.Start) Put(bracket);
        else _buffer[_length - 1] = bracket;
    }

    // RFC 8785 section 3.2.3: by UTF-16 code units, which is what ordinal comparison of .NET strings does.
    private void Order(Level level, long at)
    {
        var members = CollectionsMarshal.AsSpan(_members)[level.FirstMember..];
        var inOrder = true;
        for (var i = 1; i < members.Length; i++) inOrder &= string.CompareOrdinal(members[i - 1].Name, members[i].Name) < 0;
        if (inOrder) return;

        members.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        for (var i = 1; i < members.Length; i++)
        {
            if (members[i - 1].Name == members[i].Name) throw new JcsException(
                "duplicate-key", $"A member is given twice in the object that ends at byte {at}.");
        }

        var size = _length - level.Start;
        Reserve(size);
        var sorted = _buffer.AsSpan(_length, size);
        var to = 0;
        foreach (var member in members)
        {
            _buffer.AsSpan(member.Start..member.End).CopyTo(sorted[to..]);
            to += member.End - member.Start;
        }
        sorted.CopyTo(_buffer.AsSpan(level.Start));
    }

    private void WriteNumber(ref Utf8JsonReader reader)
    {
        var value = double.Parse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value)) throw new JcsException(
            "number-out-of-range", $"The number at byte {reader.TokenStartIndex} is beyond the range of a double.");
        Reserve(EcmaScriptNumber.MaxLength);
        _length += EcmaScriptNumber.Format(value, _buffer.AsSpan(_length));
    }

    private void WriteString(ref Utf8JsonReader reader)
    {
        Put((byte)'"');
        if (!reader.ValueIsEscaped)
        {
            Put(reader.ValueSpan); // valid JSON without an escape needs none
        }
        else
        {
            Reserve(reader.ValueSpan.Length);
            if (!JcsString.TryWrite(reader.ValueSpan, _buffer.AsSpan(_length), out var written))
            {
                throw new JcsException(
                    "lone-surrogate", $"The string at byte {reader.TokenStartIndex} has a surrogate without its partner.");
            }
            _length += written;
        }
        Put((byte)'"');
    }

    private void Put(byte value)
    {
        Reserve(1);
        _buffer[_length++] = value;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Reserve(int size)
    {
        if (_buffer.Length - _length >= size) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, checked(_length + size)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
