using System.Runtime.Intrinsics;
using System.Runtime.CompilerServices;

namespace ForgeShop.Forge;

/// <summary>
/// Collects names for the lanes by their number of blocks, hashes a group when it has a name for each lane, and writes each ID to the index
/// of its key. Names of three and more blocks, which are rare, are hashed one at a time. All memory is on the caller's stack (at most
/// 14 KiB), so batches are independent. This file has the keys of kind text; <c>NameBatch.Names.cs</c> has names that are bytes.
/// </summary>
internal readonly unsafe ref partial struct NameBatch<T> where T : struct, INameLanes
{
    private const int BlockRows = 16, NamespaceRows = 4, ScheduleRows = 80, StateRows = 5;

    // First block, second block, state; of each kind of group the lanes, and either the lengths in bits or the blocks
    private const int MemoryRows = 2 * ScheduleRows + StateRows + 2 + 2 + (1 + BlockRows) + (1 + 2 * BlockRows);

    // A smaller number is faster one at a time.
    private const int Fewest = 3;

    private readonly EntityNamespace _entity;
    private readonly Span<Guid> _ids;
    private readonly uint* _first;
    private readonly uint* _second;
    private readonly uint* _state;
    private readonly uint* _groups;

    private NameBatch(EntityNamespace entity, Span<Guid> ids, uint* memory)
    {
        _entity = entity;
        _ids = ids;
        _first = (uint*)(((nuint)memory + 63) & ~(nuint)63); // a vector across two cache lines costs twice
        _second = _first + ScheduleRows * T.Count;
        _state = _second + ScheduleRows * T.Count;
        _groups = _state + StateRows * T.Count;
        T.Fill(_first, entity.Sha1.Words.GetElement(0));
        T.Fill(_first + T.Count, entity.Sha1.Words.GetElement(1));
        T.Fill(_first + 2 * T.Count, entity.Sha1.Words.GetElement(2));
        T.Fill(_first + 3 * T.Count, entity.Sha1.Words.GetElement(3));
    }

    /// <summary>Derives the IDs of plain keys.</summary>
    /// <returns>False if a key is refused; some IDs may have been written then.</returns>
    [SkipLocalsInit]
    public static bool TryDerive(EntityNamespace entity, ReadOnlySpan<string> keys, Span<Guid> ids)
    {
        var memory = stackalloc uint[MemoryRows * T.Count + 16];
        var batch = new NameBatch<T>(entity, ids, memory);
        return entity.Type.Shape.Kind is KeyKind.Text ? batch.TryTexts(keys) : batch.TryKeys(keys);
    }

    // Keys of kind text need no rewriting: as long as they are visible ASCII, the lanes read the strings themselves.
    private bool TryTexts(ReadOnlySpan<string> keys)
    {
        var names = new Names(0, 0);
        var one = TextGroup(0);
        var two = TextGroup(1);
        var (ones, twos) = (0, 0);
        for (var i = 0; i < keys.Length; i++)
        {
            var key = keys[i];
            if (key is null || (uint)(key.Length - 1) >= NameEnds.Longest || key[0] == ' ' || key[^1] == ' ')
            {
                if (!TryAdd(keys, i, ref names)) return false;
            }
            else if (key.Length <= Sha1Name.LongestOfOneBlock)
            {
                one[ones] = i;
                Bits(one)[ones] = BitLength(key.Length);
                if (++ones < T.Count) continue;
                if (!TryGroup(keys, one, T.Count, twoBlocks: false, ref names)) return false;
                ones = 0;
            }
            else
            {
                two[twos] = i;
                Bits(two)[twos] = BitLength(key.Length);
                if (++twos < T.Count) continue;
                if (!TryGroup(keys, two, T.Count, twoBlocks: true, ref names)) return false;
                twos = 0;
            }
        }
        if (!TryRest(keys, one, ones, twoBlocks: false, ref names) || !TryRest(keys, two, twos, twoBlocks: true, ref names)) return false;
        Finish(ref names);
        return true;
    }

    private bool TryRest(ReadOnlySpan<string> keys, int* lanes, int count, bool twoBlocks, ref Names names)
    {
        if (count < Fewest)
        {
            for (var i = 0; i < count; i++)
            {
                if (!_entity.TryDerive(keys[lanes[i]], out _ids[lanes[i]])) return false;
            }
            return true;
        }
        // The remaining lanes repeat the work of the first one.
        for (var i = count; i < T.Count; i++)
        {
            lanes[i] = lanes[0];
            Bits(lanes)[i] = Bits(lanes)[0];
        }
        return TryGroup(keys, lanes, count, twoBlocks, ref names);
    }

    private bool TryGroup(ReadOnlySpan<string> keys, int* lanes, int count, bool twoBlocks, ref Names names)
    {
        var visible = twoBlocks ? GatherTwo(keys, lanes) : GatherOne(keys, lanes);
        if (visible * 8 + BitLength(0) * (uint)T.Count == T.Sum(Bits(lanes)))
        {
            Hash(lanes, twoBlocks);
            return true;
        }
        // One of them is not visible ASCII. Its canonicaliser finds it and accepts or refuses it.
        for (var i = 0; i < count; i++)
        {
            if (!TryAdd(keys, lanes[i], ref names)) return false;
        }
        return true;
    }

    private uint GatherOne(ReadOnlySpan<string> keys, int* lanes)
    {
        var visible = 0u;
        var row = NamespaceRows;
        for (var from = 0; row < BlockRows - 2 && (from == 0 || T.AnyAtLeast(Bits(lanes), BitLength(from))); from += T.Chars,
            row += T.Chars / 4)
            visible += T.Gather(keys, lanes, from, NameEnds.Middle, _first + row * T.Count);
        for (; row < BlockRows - 1; row++) T.Fill(_first + row * T.Count, 0);
        T.Copy(Bits(lanes), _first + (BlockRows - 1) * T.Count);
        return visible;
    }

    private uint GatherTwo(ReadOnlySpan<string> keys, int* lanes)
    {
        var visible = 0u;
        var (from, row) = (0, NamespaceRows);
        for (; row < BlockRows; from += T.Chars, row += T.Chars / 4)
            visible += T.Gather(keys, lanes, from, NameEnds.Middle, _first + row * T.Count);
        for (var i = BlockRows; i < row; i++) T.Copy(_first + i * T.Count, _second + (i - BlockRows) * T.Count);
        row -= BlockRows;
        for (; row < BlockRows - 2 && T.AnyAtLeast(Bits(lanes), BitLength(from)); from += T.Chars, row += T.Chars / 4)
            visible += T.Gather(keys, lanes, from, NameEnds.Middle, _second + row * T.Count);
        for (; row < BlockRows - 1; row++) T.Fill(_second + row * T.Count, 0);
        T.Copy(Bits(lanes), _second + (BlockRows - 1) * T.Count);
        return visible;
    }

    private void Hash(int* lanes, bool twoBlocks)
    {
        T.FirstBlock(_first, _entity.Sha1.State, _state);
        if (twoBlocks) T.NextBlock(_second, _state);
        T.Scatter(_state, _ids, lanes);
    }

    private static uint BitLength(int nameLength) => (uint)(NameHash.NamespaceSize + nameLength) * 8;

    private int* TextGroup(int index) => (int*)(_groups + 2 * index * T.Count);

    private static uint* Bits(int* textGroup) => (uint*)textGroup + T.Count;
}
