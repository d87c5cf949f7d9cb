using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ForgeShop.Forge;

/// <summary>
/// Adds names that are bytes: keys of the other kinds, keys in UTF-8, text that is not ASCII. They are transposed word by word.
/// </summary>
internal readonly unsafe ref partial struct NameBatch<T>
{
    /// <summary>The numbers of pending names of one block and of two blocks.</summary>
    private record struct Names(int Ones, int Twos);

    /// <summary>Derives the IDs of plain keys in one block of UTF-8.</summary>
    /// <returns>False if a key is refused or is outside the block; some IDs may have been written then.</returns>
    [SkipLocalsInit]
    public static bool TryDerive(EntityNamespace entity, ReadOnlySpan<byte> utf8, ReadOnlySpan<Range> keys, Span<Guid> ids)
    {
        var memory = stackalloc uint[MemoryRows * T.Count + 16];
        Span<byte> buffer = stackalloc byte[EntityNamespace.NameBufferSize];
        var batch = new NameBatch<T>(entity, ids, memory);
        var names = new Names(0, 0);
        for (var i = 0; i < keys.Length; i++)
        {
            var (start, end) = (keys[i].Start.GetOffset(utf8.Length), keys[i].End.GetOffset(utf8.Length));
            if ((uint)end > (uint)utf8.Length || (uint)start > (uint)end) return false;
            if (!entity.TryCanonical(utf8[start..end], buffer[NameHash.NamespaceSize..], out var length, out _)) return false;
            batch.Add(buffer, length, i, ref names);
        }
        batch.Finish(ref names);
        return true;
    }

    [SkipLocalsInit]
    private bool TryKeys(ReadOnlySpan<string> keys)
    {
        var names = new Names(0, 0);
        Span<byte> buffer = stackalloc byte[EntityNamespace.NameBufferSize];
        for (var i = 0; i < keys.Length; i++)
        {
            if (!_entity.TryCanonical(keys[i].AsSpan(), buffer[NameHash.NamespaceSize..], out var length, out _)) return false;
            Add(buffer, length, i, ref names);
        }
        Finish(ref names);
        return true;
    }

    [SkipLocalsInit]
    private bool TryAdd(ReadOnlySpan<string> keys, int index, ref Names names)
    {
        Span<byte> buffer = stackalloc byte[EntityNamespace.NameBufferSize];
        if (!_entity.TryCanonical(keys[index].AsSpan(), buffer[NameHash.NamespaceSize..], out var length, out _)) return false;
        Add(buffer, length, index, ref names);
        return true;
    }

    // The buffer has the name at its position in the message; the bytes after it may be overwritten.
    private void Add(Span<byte> buffer, int length, int index, ref Names names)
    {
        if (length > NameEnds.Longest)
        {
            _ids[index] = _entity.HashName(buffer, length);
            return;
        }
        var twoBlocks = length > Sha1Name.LongestOfOneBlock;
        var lanes = NameGroup(twoBlocks);
        var words = Words(lanes);
        var lane = twoBlocks ? names.Twos++ : names.Ones++;
        var last = (twoBlocks ? 2 * BlockRows : BlockRows) - 1;
        lanes[lane] = index;
        buffer[NameHash.NamespaceSize + length] = 0x80;
        buffer[(NameHash.NamespaceSize + length + 1)..(4 * last)].Clear();
        for (var row = NamespaceRows; row < last; row++)
            words[row * T.Count + lane] = BinaryPrimitives.ReadUInt32BigEndian(buffer[(4 * row)..]);
        words[last * T.Count + lane] = BitLength(length);
        if (lane + 1 < T.Count) return;
        HashNames(twoBlocks);
        names = twoBlocks ? names with { Twos = 0 } : names with { Ones = 0 };
    }

    private void Finish(ref Names names)
    {
        if (names.Ones > 0) HashRest(names.Ones, twoBlocks: false);
        if (names.Twos > 0) HashRest(names.Twos, twoBlocks: true);
    }

    // The remaining lanes repeat the work of the first one.
    private void HashRest(int count, bool twoBlocks)
    {
        var lanes = NameGroup(twoBlocks);
        var words = Words(lanes);
        for (var lane = count; lane < T.Count; lane++)
        {
            lanes[lane] = lanes[0];
            for (var row = NamespaceRows; row < (twoBlocks ? 2 : 1) * BlockRows; row++) words[row * T.Count + lane] = words[row * T.Count];
        }
        HashNames(twoBlocks);
    }

    private void HashNames(bool twoBlocks)
    {
        var lanes = NameGroup(twoBlocks);
        var words = Words(lanes);
        for (var row = NamespaceRows; row < BlockRows; row++) T.Copy(words + row * T.Count, _first + row * T.Count);
        if (twoBlocks)
        {
            for (var row = 0; row < BlockRows; row++) T.Copy(words + (BlockRows + row) * T.Count, _second + row * T.Count);
        }
        Hash(lanes, twoBlocks);
    }

    private int* NameGroup(bool twoBlocks) => (int*)(_groups + (twoBlocks ? 4 + 1 + BlockRows : 4) * T.Count);

    private static uint* Words(int* nameGroup) => (uint*)nameGroup + T.Count;
}
