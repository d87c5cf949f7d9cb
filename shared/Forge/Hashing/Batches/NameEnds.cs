namespace ForgeShop.Forge;

/// <summary>
/// A table to look at through a window: moved by a name's length, it shows which characters belong to the name and where its last byte,
/// 0x80, goes, so that no length needs a branch of its own.
/// </summary>
internal static class NameEnds
{
    /// <summary>The longest name of two blocks: 128 bytes without the namespace and the padding.</summary>
    public const int Longest = 2 * 64 - NameHash.NamespaceSize - 9;

    // Windows are up to 32 characters wide and begin up to 96 characters after the end of a name.
    private const int After = 1 + 96 + 32;

    /// <summary>How far before the middle a window may begin: the longest name, which is odd, by twos.</summary>
    public const int Before = Longest + 1;

    private const int Size = Before + After;

    /// <summary>From the middle of the table, of which the part before is all ones, to the middle of one that has zeros there.</summary>
    public const int ToMarks = Size;

    private static readonly ushort[] Table = Create();

    /// <summary>The middle: the one character 0x80, which stands after the name.</summary>
    public static unsafe ushort* Middle => (ushort*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref Table[Before]);

    private static ushort[] Create()
    {
        // Pinned for good, because the kernels point into it.
        var table = GC.AllocateArray<ushort>(2 * Size, pinned: true);
        table.AsSpan(0, Before).Fill(0xFFFF);
        table[Before] = 0x80;
        table[Size + Before] = 0x80;
        return table;
    }
}
