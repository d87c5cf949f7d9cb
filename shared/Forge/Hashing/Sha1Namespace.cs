using System.Buffers.Binary;
using System.Numerics;

namespace ForgeShop.Forge;

/// <summary>A namespace's sixteen bytes as the beginning of every message that is hashed in it: the first four words, and the state after their rounds.</summary>
internal readonly struct Sha1Namespace
{
    public Sha1Namespace(ReadOnlySpan<byte> namespaceBytes)
    {
        Word0 = BinaryPrimitives.ReadUInt32BigEndian(namespaceBytes);
        Word1 = BinaryPrimitives.ReadUInt32BigEndian(namespaceBytes[4..]);
        Word2 = BinaryPrimitives.ReadUInt32BigEndian(namespaceBytes[8..]);
        Word3 = BinaryPrimitives.ReadUInt32BigEndian(namespaceBytes[12..]);
        State = Round(Round(Round(Round(Sha1State.Initial, Word0), Word1), Word2), Word3);
    }

    public uint Word0 { get; }

    public uint Word1 { get; }

    public uint Word2 { get; }

    public uint Word3 { get; }

    /// <summary>The working state after rounds 0 to 3.</summary>
    public Sha1State State { get; }

    private static Sha1State Round(Sha1State s, uint word) => new(
        BitOperations.RotateLeft(s.A, 5) + (s.D ^ (s.B & (s.C ^ s.D))) + s.E + word + Sha1State.K0, s.A, BitOperations.RotateLeft(s.B, 30), s.C, s.D);
}
