namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>Which code points Python's <c>repr</c> escapes: those that the interpreter's Unicode version calls not printable.</summary>
internal static partial class NonPrintable
{
    /// <exception cref="UuidForgeException">The interpreters disagree and none was chosen.</exception>
    public static bool Contains(int codePoint, PythonVersion version)
    {
        if (codePoint is >= ' ' and < 0x7F)
            return false;
        if (IsIn(InPython313, codePoint))
            return true;
        var before13 = IsIn(BeforePython313, codePoint);
        var before12 = !before13 && IsIn(BeforePython312, codePoint);
        return version switch
        {
            PythonVersion.Python313 => false,
            PythonVersion.Python312 => before13,
            PythonVersion.Python311 => before13 || before12,
            _ => before13 || before12
                ? throw new UuidForgeException(
                    $"text: U+{codePoint:X4} is written differently by different Python versions, so its ID depends on the interpreter; "
                    + "choose a PythonVersion")
                : false,
        };
    }

    private static bool IsIn(ReadOnlySpan<int> ranges, int codePoint)
    {
        var (low, high) = (0, ranges.Length / 2 - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (codePoint < ranges[2 * middle])
                high = middle - 1;
            else if (codePoint > ranges[2 * middle + 1])
                low = middle + 1;
            else
                return true;
        }

        return false;
    }
}
