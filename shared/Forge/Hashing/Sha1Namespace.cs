using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace ForgeShop.Forge;

/// <summary>
/// A namespace as the beginning of all its messages: the first four words, and the state after their rounds.
/// </summary>
internal readonly struct Sha1Namespace
{
    public Sha1Namespace(ReadOnlySpan<byte> namespaceBytes)
    {
        var state = Sha1State.Initial;
        for (var i = 0; i < Vector128<uint>.Count; i++)
        {
            var word = BinaryPrimitives.ReadUInt32BigEndian(namespaceBytes[(4 * i)..]);
            Words = Words.WithElement(i, word);
            state = state.Round(word);
        }
        State = state;
    }

    /// <summary>Words 0 to 3 of the first block.</summary>
    public readonly Vector128<uint> Words;

    /// <summary>The working state after rounds 0 to 3.</summary>
    public readonly Sha1State State;
}
