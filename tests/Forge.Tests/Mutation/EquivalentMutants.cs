namespace ForgeShop.Forge.Tests;

/// <summary>
/// Changed constants that change no ID and no refusal, with the reason. No test can detect them.
/// </summary>
internal static class EquivalentMutants
{
    internal static readonly IReadOnlyDictionary<string, string[]> ByReason = new Dictionary<string, string[]>
    {
        ["Without SSE2 only, and there every index out of range gives zero alike."] =
        [
            "Hashing/Sha1Compression.cs: 4 -> 5 in: : Vector128.Shuffle(x, Vector128.Create(1u, 2, 3, 4));",
            "Hashing/Sha1Compression.cs: 4 -> 5 in: : Vector128.Shuffle(x, Vector128.Create(4u, 4, 4, 0));",
        ],
        ["A text of one block that is not all visible ASCII takes the longer way to the same ID. These send one that is the longer way."] =
        [
            "Hashing/Sha1Name.cs: ' ' -> '!' in: Vector128.GreaterThan((bytes + Vector128<byte>.One).AsSByte(), Vector128.Create((sbyte)' "
            + "')).ExtractMostSignificantBits();",
            "Hashing/Sha1Name.cs: 10 -> 11 in: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,",
            "Hashing/Sha1Name.cs: 12 -> 13 in: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,",
            "Hashing/Sha1Name.cs: 14 -> 15 in: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,",
            "Hashing/Sha1Name.cs: 16 -> 17 in: if ((Visible(w1) | ((ulong)Visible(w2) << 16) | ((ulong)Visible(w3) << 32)) != (1UL << "
            + "text.Length) - 1)",
            "Hashing/Sha1Name.cs: 1UL -> 2UL in: if ((Visible(w1) | ((ulong)Visible(w2) << 16) | ((ulong)Visible(w3) << 32)) != (1UL << "
            + "text.Length) - 1)",
            "Hashing/Sha1Name.cs: 2 -> 3 in: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,",
            "Hashing/Sha1Name.cs: 2 -> 3 in: Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(Shift), (nuint)(2 * (8 - "
            + "rest)))).AsUInt16();",
            "Hashing/Sha1Name.cs: 3 -> 4 in: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,",
            "Hashing/Sha1Name.cs: 3 -> 4 in: if (length == 3) upToThree |= (ulong)Unsafe.Add(ref characters, 2) << 32;",
            "Hashing/Sha1Name.cs: 32 -> 33 in: var w3 = Narrow(Eight(ref characters, text.Length, 32, tail), Vector128<ushort>.Zero);",
            "Hashing/Sha1Name.cs: 4 -> 5 in: if (length >= 4)",
            "Hashing/Sha1Name.cs: 5 -> 6 in: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,",
            "Hashing/Sha1Name.cs: 7 -> 8 in: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,",
            "Hashing/Sha1Name.cs: 7 -> 8 in: return Vector128.Create(Unsafe.ReadUnaligned<ulong>(ref bytes), lastFour >> 16 * (7 - length) "
            + ">> 16).AsUInt16();",
            "Hashing/Sha1Name.cs: 8 -> 9 in: var rest = length % 8;",
            "Hashing/Sha1Name.cs: 9 -> 10 in: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,",
        ],
        ["An index of a shuffle with its high bit set gives zero, whatever the other bits say."] =
        [
            "Hashing/Sha1Name.cs: 128 -> 129 in: 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,",
        ],
        ["U+0080 is no ASCII letter and no digit, so the next condition refuses it."] =
        [
            "Keys/CanonicalKey.Ascii.cs: 128 -> 129 in: else if (c < 128 && (char.IsAsciiLetterOrDigit((char)c) || c == '-')) "
            + "afterSeparator = false;",
            "Keys/CanonicalKey.Ascii.cs: 128 -> 129 in: private static bool IsLocalPart(int c) => c < 128 && "
            + "(char.IsAsciiLetterOrDigit((char)c) || \".!#$%&'*+/=?^_`{|}~-\".Contains((char)c));",
        ],
        ["'[' has been refused by now."] =
        [
            "Keys/CanonicalKey.Ascii.cs: 'Z' -> '[' in: destination[i] = (byte)(c is >= 'A' and <= 'Z' ? c | 0x20 : c);",
        ],
        ["A text with a space takes the longer way to the same ID."] =
        [
            "Keys/CanonicalKey.Text.cs: ' ' -> '!' in: "
            + "SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c)]);",
            "Keys/CanonicalKey.Text.cs: ' ' -> '!' in: "
            + "SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)]);",
            "Keys/CanonicalKey.Text.cs: ' ' -> '!' in: return Vector128.GreaterThan((bytes + Vector128<byte>.One).AsSByte(), "
            + "Vector128.Create((sbyte)' '));",
        ],
        ["U+200B is refused before the check for spaces."] =
        [
            "Keys/CanonicalKey.Text.cs: 0x200A -> 8203 in: private static bool IsSpace(int c) => c is 0x20 or 0xA0 or 0x1680 or (>= 0x2000 "
            + "and <= 0x200A) or 0x202F or 0x205F or 0x3000;",
        ],
        ["A first guess, which the loop below it puts right."] =
        [
            "Keys/CanonicalKey.Timestamp.cs: 146_097 -> 146098 in: var year = (int)(days * 400 / 146_097);",
            "Keys/CanonicalKey.Timestamp.cs: 400 -> 401 in: var year = (int)(days * 400 / 146_097);",
        ],
    };
}
