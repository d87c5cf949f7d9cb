namespace ForgeShop.Forge;

/// <summary>
/// SHA-1 of several names at once, one in each lane of a vector: <see cref="Count"/> of them. A row is one word (32 bits) of every name,
/// side by side; a block is sixteen rows, with room for the sixty-four that the message schedule adds. One implementation for each width of
/// vector; each is written out, because the compiler keeps such code in registers only when nothing stands between it and the vectors.
/// </summary>
internal unsafe interface INameLanes
{
    /// <summary>How many names at a time: 16, 8 or 4.</summary>
    static abstract int Count { get; }

    /// <summary>How many characters of each name <see cref="Gather"/> takes: a multiple of four.</summary>
    static abstract int Chars { get; }

    /// <summary>
    /// Characters <paramref name="from"/> and following of every name, as rows: narrowed to bytes, ended by 0x80 and zeros, transposed.
    /// What is not ASCII becomes something else that is not visible; the caller compares the count.
    /// </summary>
    /// <param name="keys">The keys.</param>
    /// <param name="lanes">Which keys: <see cref="Count"/> indices.</param>
    /// <param name="from">The first character, a multiple of <see cref="Chars"/>.</param>
    /// <param name="ends">The middle of <see cref="NameEnds"/>.</param>
    /// <param name="words">Where the first of <see cref="Chars"/> / 4 rows goes.</param>
    /// <returns>How many of the characters are visible ASCII (U+0020 to U+007E), over all lanes.</returns>
    static abstract uint Gather(ReadOnlySpan<string> keys, int* lanes, int from, ushort* ends, uint* words);

    /// <summary>Takes the first block, whose first four words are the namespace's, into the initial state.</summary>
    /// <param name="w">The block.</param>
    /// <param name="afterNamespace">The state after those four rounds, the same in every lane.</param>
    /// <param name="state">Where the five rows of the state go.</param>
    static abstract void FirstBlock(uint* w, in Sha1State afterNamespace, uint* state);

    /// <summary>Takes another block into the state.</summary>
    /// <param name="w">The block.</param>
    /// <param name="state">The five rows of the state.</param>
    static abstract void NextBlock(uint* w, uint* state);

    /// <summary>The state as UUIDs of version 5, each to its own place.</summary>
    /// <param name="state">The five rows of the state.</param>
    /// <param name="ids">The IDs of all keys.</param>
    /// <param name="lanes">Which of them: <see cref="Count"/> indices.</param>
    static abstract void Scatter(uint* state, Span<Guid> ids, int* lanes);

    /// <summary>The sum of a row.</summary>
    static abstract uint Sum(uint* row);

    /// <summary>Whether any word of a row has at least that value.</summary>
    static abstract bool AnyAtLeast(uint* row, uint limit);

    /// <summary>Makes every word of a row the same.</summary>
    static abstract void Fill(uint* row, uint value);

    /// <summary>Copies a row.</summary>
    static abstract void Copy(uint* from, uint* to);
}
