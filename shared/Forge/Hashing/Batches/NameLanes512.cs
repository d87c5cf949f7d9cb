using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ForgeShop.Forge;

/// <summary>Hashes sixteen names at a time, in AVX-512.</summary>
internal readonly unsafe struct NameLanes512 : INameLanes
{
    private const int Lanes = 16, SlabChars = 32;

    public static int Count => Lanes;

    public static int Chars => SlabChars;

    public static bool IsSupported => Avx512BW.IsSupported;

    // Not inlined, like the rounds: each of them needs all registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint Gather(ReadOnlySpan<string> keys, int* lanes, int from, ushort* ends, uint* words)
    {
        uint visible = 0;
        var (even0, odd0) = Four(keys, lanes, from, ends, ref visible);
        var (even1, odd1) = Four(keys, lanes + 4, from, ends, ref visible);
        var (even2, odd2) = Four(keys, lanes + 8, from, ends, ref visible);
        var (even3, odd3) = Four(keys, lanes + 12, from, ends, ref visible);
        Transpose(even0, even1, even2, even3, words);
        Transpose(odd0, odd1, odd2, odd3, words + Lanes);
        return visible;
    }

    // Of four names: in each 128-bit lane i, the four words 2i and the four words 2i + 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Even, Vector512<float> Odd) Four(
        ReadOnlySpan<string> keys, int* lanes, int from, ushort* ends, ref uint visible)
    {
        var ab = Two(Row(keys[lanes[0]], from, ends), Row(keys[lanes[1]], from, ends), ref visible);
        var cd = Two(Row(keys[lanes[2]], from, ends), Row(keys[lanes[3]], from, ends), ref visible);
        return (Avx512F.Shuffle(ab, cd, 0b10_00_10_00), Avx512F.Shuffle(ab, cd, 0b11_01_11_01));
    }

    // Of two names: in each 128-bit lane i, words 2i and 2i + 1 of the one, then of the other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Two(Vector512<ushort> a, Vector512<ushort> b, ref uint visible)
    {
        var bytes = Avx512BW.PackUnsignedSaturate(a.AsInt16(), b.AsInt16());
        visible += (uint)BitOperations.PopCount(
            Vector512.GreaterThan((bytes + Vector512<byte>.One).AsSByte(), Vector512.Create((sbyte)' ')).ExtractMostSignificantBits());
        return Avx512BW.Shuffle(bytes, BigEndian).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Row(string key, int from, ushort* ends)
    {
        var end = Vector512.Load(ends + from - Math.Min(key.Length, NameEnds.Longest));
        fixed (char* characters = key) return Avx512BW.MaskLoad((ushort*)characters + from, end, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, uint* words)
    {
        var (lowAB, highAB) = (Avx512F.Shuffle4x128(a, b, 0b01_00_01_00), Avx512F.Shuffle4x128(a, b, 0b11_10_11_10));
        var (lowCD, highCD) = (Avx512F.Shuffle4x128(c, d, 0b01_00_01_00), Avx512F.Shuffle4x128(c, d, 0b11_10_11_10));
        Avx512F.Shuffle4x128(lowAB, lowCD, 0b10_00_10_00).AsUInt32().Store(words);
        Avx512F.Shuffle4x128(lowAB, lowCD, 0b11_01_11_01).AsUInt32().Store(words + 2 * Lanes);
        Avx512F.Shuffle4x128(highAB, highCD, 0b10_00_10_00).AsUInt32().Store(words + 4 * Lanes);
        Avx512F.Shuffle4x128(highAB, highCD, 0b11_01_11_01).AsUInt32().Store(words + 6 * Lanes);
    }

    public static void Scatter(uint* state, Span<Guid> ids, int* lanes)
    {
        var a = Load(state);
        var b = Rol((Load(state + Lanes) & Vector512.Create(0xFFFF0FFFu)) | Vector512.Create(0x5000u), 16);
        var c = Avx512BW.Shuffle(
            ((Load(state + 2 * Lanes) & Vector512.Create(0x3FFFFFFFu)) | Vector512.Create(0x80000000u)).AsByte(), BigEndian).AsUInt32();
        var d = Avx512BW.Shuffle(Load(state + 3 * Lanes).AsByte(), BigEndian).AsUInt32();
        var (ab, cd) = (Avx512F.UnpackLow(a, b).AsUInt64(), Avx512F.UnpackLow(c, d).AsUInt64());
        Scatter(Avx512F.UnpackLow(ab, cd), ids, lanes);
        Scatter(Avx512F.UnpackHigh(ab, cd), ids, lanes + 1);
        (ab, cd) = (Avx512F.UnpackHigh(a, b).AsUInt64(), Avx512F.UnpackHigh(c, d).AsUInt64());
        Scatter(Avx512F.UnpackLow(ab, cd), ids, lanes + 2);
        Scatter(Avx512F.UnpackHigh(ab, cd), ids, lanes + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(Vector512<ulong> four, Span<Guid> ids, int* lanes)
    {
        ids[lanes[0]] = Unsafe.BitCast<Vector128<ulong>, Guid>(four.GetLower().GetLower());
        ids[lanes[4]] = Unsafe.BitCast<Vector128<ulong>, Guid>(Avx512F.ExtractVector128(four, 1));
        ids[lanes[8]] = Unsafe.BitCast<Vector128<ulong>, Guid>(Avx512F.ExtractVector128(four, 2));
        ids[lanes[12]] = Unsafe.BitCast<Vector128<ulong>, Guid>(Avx512F.ExtractVector128(four, 3));
    }

    private static Vector512<byte> BigEndian
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(0x04050607_00010203UL, 0x0C0D0E0F_08090A0BUL, 0x04050607_00010203UL, 0x0C0D0E0F_08090A0BUL,
            0x04050607_00010203UL, 0x0C0D0E0F_08090A0BUL, 0x04050607_00010203UL, 0x0C0D0E0F_08090A0BUL).AsByte();
    }

    public static void FirstBlock(uint* w, in Sha1State afterNamespace, uint* state)
    {
        Store(state, Vector512.Create(afterNamespace.A), Vector512.Create(afterNamespace.B), Vector512.Create(afterNamespace.C),
            Vector512.Create(afterNamespace.D), Vector512.Create(afterNamespace.E));
        Rounds(w, state);
        var initial = Sha1State.Initial;
        Add(state, Vector512.Create(initial.A), Vector512.Create(initial.B), Vector512.Create(initial.C), Vector512.Create(initial.D),
            Vector512.Create(initial.E));
    }

    public static void NextBlock(uint* w, uint* state)
    {
        var (before0, before1, before2, before3, before4) = (
            Load(state), Load(state + Lanes), Load(state + 2 * Lanes), Load(state + 3 * Lanes), Load(state + 4 * Lanes));
        var (a, b, c, d, e) = (before0, before1, before2, before3, before4);
        var k = Vector512.Create(Sha1State.K0);
        Vector512<uint> rolled;
        rolled = Rol(b, 30); e += Load(w) + k; e += Choose(b, c, d); e += Rol(a, 5); b = rolled;
        rolled = Rol(a, 30); d += Load(w + Lanes) + k; d += Choose(a, b, c); d += Rol(e, 5); a = rolled;
        rolled = Rol(e, 30); c += Load(w + 2 * Lanes) + k; c += Choose(e, a, b); c += Rol(d, 5); e = rolled;
        rolled = Rol(d, 30); b += Load(w + 3 * Lanes) + k; b += Choose(d, e, a); b += Rol(c, 5); d = rolled;
        Store(state, b, c, d, e, a);
        Rounds(w, state);
        Add(state, before0, before1, before2, before3, before4);
    }

    // Rounds 4 to 79, five at a time: after five rounds, the variables of the state have their first positions again.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Rounds(uint* w, uint* state)
    {
        var (b, c, d, e, a) = (Load(state), Load(state + Lanes), Load(state + 2 * Lanes), Load(state + 3 * Lanes), Load(state + 4 * Lanes));
        var k = Vector512.Create(Sha1State.K0);
        Vector512<uint> rolled;
        rolled = Rol(c, 30); a += Load(w + 4 * Lanes) + k; a += Choose(c, d, e); a += Rol(b, 5); c = rolled;
        w += 5 * Lanes;
        for (var end = w + 10 * Lanes; w < end; w += 5 * Lanes)
        {
            rolled = Rol(b, 30); e += Load(w) + k; e += Choose(b, c, d); e += Rol(a, 5); b = rolled;
            rolled = Rol(a, 30); d += Load(w + Lanes) + k; d += Choose(a, b, c); d += Rol(e, 5); a = rolled;
            rolled = Rol(e, 30); c += Load(w + 2 * Lanes) + k; c += Choose(e, a, b); c += Rol(d, 5); e = rolled;
            rolled = Rol(d, 30); b += Load(w + 3 * Lanes) + k; b += Choose(d, e, a); b += Rol(c, 5); d = rolled;
            rolled = Rol(c, 30); a += Load(w + 4 * Lanes) + k; a += Choose(c, d, e); a += Rol(b, 5); c = rolled;
        }
        rolled = Rol(b, 30); e += Load(w) + k; e += Choose(b, c, d); e += Rol(a, 5); b = rolled;
        rolled = Rol(a, 30); d += Next(w, 1) + k; d += Choose(a, b, c); d += Rol(e, 5); a = rolled;
        rolled = Rol(e, 30); c += Next(w, 2) + k; c += Choose(e, a, b); c += Rol(d, 5); e = rolled;
        rolled = Rol(d, 30); b += Next(w, 3) + k; b += Choose(d, e, a); b += Rol(c, 5); d = rolled;
        rolled = Rol(c, 30); a += Next(w, 4) + k; a += Choose(c, d, e); a += Rol(b, 5); c = rolled;
        w += 5 * Lanes;
        k = Vector512.Create(Sha1State.K1);
        for (var end = w + 20 * Lanes; w < end; w += 5 * Lanes)
        {
            rolled = Rol(b, 30); e += Next(w, 0) + k; e += Parity(b, c, d); e += Rol(a, 5); b = rolled;
            rolled = Rol(a, 30); d += Next(w, 1) + k; d += Parity(a, b, c); d += Rol(e, 5); a = rolled;
            rolled = Rol(e, 30); c += Next(w, 2) + k; c += Parity(e, a, b); c += Rol(d, 5); e = rolled;
            rolled = Rol(d, 30); b += Next(w, 3) + k; b += Parity(d, e, a); b += Rol(c, 5); d = rolled;
            rolled = Rol(c, 30); a += Next(w, 4) + k; a += Parity(c, d, e); a += Rol(b, 5); c = rolled;
        }
        k = Vector512.Create(Sha1State.K2);
        for (var end = w + 20 * Lanes; w < end; w += 5 * Lanes)
        {
            rolled = Rol(b, 30); e += Next(w, 0) + k; e += Majority(b, c, d); e += Rol(a, 5); b = rolled;
            rolled = Rol(a, 30); d += Next(w, 1) + k; d += Majority(a, b, c); d += Rol(e, 5); a = rolled;
            rolled = Rol(e, 30); c += Next(w, 2) + k; c += Majority(e, a, b); c += Rol(d, 5); e = rolled;
            rolled = Rol(d, 30); b += Next(w, 3) + k; b += Majority(d, e, a); b += Rol(c, 5); d = rolled;
            rolled = Rol(c, 30); a += Next(w, 4) + k; a += Majority(c, d, e); a += Rol(b, 5); c = rolled;
        }
        k = Vector512.Create(Sha1State.K3);
        for (var end = w + 20 * Lanes; w < end; w += 5 * Lanes)
        {
            rolled = Rol(b, 30); e += Next(w, 0) + k; e += Parity(b, c, d); e += Rol(a, 5); b = rolled;
            rolled = Rol(a, 30); d += Next(w, 1) + k; d += Parity(a, b, c); d += Rol(e, 5); a = rolled;
            rolled = Rol(e, 30); c += Next(w, 2) + k; c += Parity(e, a, b); c += Rol(d, 5); e = rolled;
            rolled = Rol(d, 30); b += Next(w, 3) + k; b += Parity(d, e, a); b += Rol(c, 5); d = rolled;
            rolled = Rol(c, 30); a += Next(w, 4) + k; a += Parity(c, d, e); a += Rol(b, 5); c = rolled;
        }
        Store(state, a, b, c, d, e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(uint* state, Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d, Vector512<uint> e)
    {
        a.Store(state);
        b.Store(state + Lanes);
        c.Store(state + 2 * Lanes);
        d.Store(state + 3 * Lanes);
        e.Store(state + 4 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(uint* state, Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d, Vector512<uint> e) =>
        Store(state, a + Load(state), b + Load(state + Lanes), c + Load(state + 2 * Lanes), d + Load(state + 3 * Lanes), e
            + Load(state + 4 * Lanes));

    public static uint Sum(uint* words) => Vector512.Sum(Load(words));

    public static bool AnyAtLeast(uint* words, uint limit) => Vector512.GreaterThanOrEqualAny(Load(words), Vector512.Create(limit));

    public static void Fill(uint* words, uint value) => Vector512.Create(value).Store(words);

    public static void Copy(uint* from, uint* to) => Load(from).Store(to);

    // W[t] = rol1(W[t-3] ^ W[t-8] ^ W[t-14] ^ W[t-16]), in memory: the loads cost nothing, and there are not enough
    // registers for sixteen words.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Next(uint* w, [ConstantExpected] int at)
    {
        var next = Rol(
            Parity(Load(w + (at - 3) * Lanes), Load(w + (at - 8) * Lanes), Load(w + (at - 14) * Lanes)) ^ Load(w + (at - 16) * Lanes), 1);
        next.Store(w + at * Lanes);
        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Load(uint* at) => Vector512.Load(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rol(Vector512<uint> x, [ConstantExpected] byte bits) => Avx512F.RotateLeft(x, bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Choose(Vector512<uint> b, Vector512<uint> c, Vector512<uint> d) => Avx512F.TernaryLogic(b, c, d, 0xCA);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Parity(Vector512<uint> b, Vector512<uint> c, Vector512<uint> d) => Avx512F.TernaryLogic(b, c, d, 0x96);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Majority(Vector512<uint> b, Vector512<uint> c, Vector512<uint> d) => Avx512F.TernaryLogic(b, c, d, 0xE8);
}
