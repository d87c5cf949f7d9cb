namespace ForgeShop.Forge;

/// <summary>
/// A table of masks. A window at an offset of the length of a name has the mask of its characters and the position of the final byte 0x80,
/// so lengths need no branches.
/// </summary>
internal static class NameEnds
{
    /// <summary>The maximum length of a name of two blocks: 128 bytes without the namespace and the padding.</summary>
    public const int Longest = 2 * 64 - NameHash.NamespaceSize - 9;

    // Windows are up to 32 characters wide and begin up to 96 characters after the end of a name.
    private const int After = 1 + 96 + 32;

    /// <summary>The maximum distance from a window to the middle: the longest name, rounded up to an even number.</summary>
    public const int Before = Longest + 1;

    private const int Size = Before + After;

    /// <summary>The distance between the middles of the two tables: the first has ones before its middle, the second zeros.</summary>
    public const int ToMarks = Size;

    private static readonly ushort[] Table = Create();

    /// <summary>Gets the middle: the character 0x80 after the name.</summary>
    public static unsafe ushort* Middle => (ushort*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref Table[Before]);

    private static ushort[] Create()
    {
        // Pinned permanently, because the kernels have pointers to it.
        var table = GC.AllocateArray<ushort>(2 * Size, pinned: true);
        table.AsSpan(0, Before).Fill(0xFFFF);
        table[Before] = 0x80;
        table[Size + Before] = 0x80;
        return table;
    }
}
