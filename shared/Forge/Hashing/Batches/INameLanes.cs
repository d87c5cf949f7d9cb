namespace ForgeShop.Forge;

/// <summary>
/// SHA-1 of <see cref="Count"/> names at once, one in each lane of a vector. A row has one word (32 bits) of every name; a block is sixteen
/// rows, with space for the sixty-four of the message schedule. There is one implementation for each width of vectors, because the compiler
/// does not keep the state of a generic one in registers.
/// </summary>
internal unsafe interface INameLanes
{
    /// <summary>Gets the number of names: 16, 8 or 4.</summary>
    static abstract int Count { get; }

    /// <summary>Gets the number of characters of each name that <see cref="Gather"/> reads: a multiple of four.</summary>
    static abstract int Chars { get; }

    /// <summary>
    /// Writes the characters from <paramref name="from"/> of every name as rows: narrowed to bytes, ended by 0x80 and zeros, transposed.
    /// A character that is not ASCII becomes a byte that is not visible ASCII; the caller compares the count.
    /// </summary>
    /// <param name="keys">The keys.</param>
    /// <param name="lanes">The <see cref="Count"/> indices of the keys.</param>
    /// <param name="from">The first character, a multiple of <see cref="Chars"/>.</param>
    /// <param name="ends">The middle of <see cref="NameEnds"/>.</param>
    /// <param name="words">Receives <see cref="Chars"/> / 4 rows.</param>
    /// <returns>The number of characters that are visible ASCII (U+0020 to U+007E), in all lanes.</returns>
    static abstract uint Gather(ReadOnlySpan<string> keys, int* lanes, int from, ushort* ends, uint* words);

    /// <summary>Adds the first block, whose first four words are the namespace's, to the initial state.</summary>
    /// <param name="w">The block.</param>
    /// <param name="afterNamespace">The state after those four rounds, the same in every lane.</param>
    /// <param name="state">Receives the five rows of the state.</param>
    static abstract void FirstBlock(uint* w, in Sha1State afterNamespace, uint* state);

    /// <summary>Adds another block to the state.</summary>
    /// <param name="w">The block.</param>
    /// <param name="state">The five rows of the state.</param>
    static abstract void NextBlock(uint* w, uint* state);

    /// <summary>Writes the state as UUIDs of version 5, each to its own index.</summary>
    /// <param name="state">The five rows of the state.</param>
    /// <param name="ids">The IDs of all keys.</param>
    /// <param name="lanes">The <see cref="Count"/> indices of these names.</param>
    static abstract void Scatter(uint* state, Span<Guid> ids, int* lanes);

    /// <summary>Returns the sum of a row.</summary>
    static abstract uint Sum(uint* row);

    /// <summary>Returns whether any word of a row has at least this value.</summary>
    static abstract bool AnyAtLeast(uint* row, uint limit);

    /// <summary>Sets all words of a row to one value.</summary>
    static abstract void Fill(uint* row, uint value);

    /// <summary>Copies a row.</summary>
    static abstract void Copy(uint* from, uint* to);
}
