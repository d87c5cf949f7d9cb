using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ForgeShop.Forge;

/// <summary>Hashes eight names at a time, in AVX2.</summary>
internal readonly unsafe struct NameLanes256 : INameLanes
{
    private const int Lanes = 8, SlabChars = 16;

    public static int Count => Lanes;

    public static int Chars => SlabChars;

    public static bool IsSupported => Avx2.IsSupported;

    public static uint Gather(ReadOnlySpan<string> keys, int* lanes, int from, ushort* ends, uint* words)
    {
        uint visible = 0;
        var (even0, odd0) = Four(keys, lanes, from, ends, ref visible);
        var (even1, odd1) = Four(keys, lanes + 4, from, ends, ref visible);
        Avx.Permute2x128(even0, even1, 0x20).AsUInt32().Store(words);
        Avx.Permute2x128(odd0, odd1, 0x20).AsUInt32().Store(words + Lanes);
        Avx.Permute2x128(even0, even1, 0x31).AsUInt32().Store(words + 2 * Lanes);
        Avx.Permute2x128(odd0, odd1, 0x31).AsUInt32().Store(words + 3 * Lanes);
        return visible;
    }

    // Of four names: in each 128-bit lane i, the four words 2i and the four words 2i + 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Even, Vector256<float> Odd) Four(
        ReadOnlySpan<string> keys, int* lanes, int from, ushort* ends, ref uint visible)
    {
        var ab = Two(Row(keys[lanes[0]], from, ends), Row(keys[lanes[1]], from, ends), ref visible);
        var cd = Two(Row(keys[lanes[2]], from, ends), Row(keys[lanes[3]], from, ends), ref visible);
        return (Avx.Shuffle(ab, cd, 0b10_00_10_00), Avx.Shuffle(ab, cd, 0b11_01_11_01));
    }

    // Of two names: in each 128-bit lane i, words 2i and 2i + 1 of the one, then of the other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Two(Vector256<ushort> a, Vector256<ushort> b, ref uint visible)
    {
        var bytes = Avx2.PackUnsignedSaturate(a.AsInt16(), b.AsInt16());
        visible += (uint)BitOperations.PopCount(
            Vector256.GreaterThan((bytes + Vector256<byte>.One).AsSByte(), Vector256.Create((sbyte)' ')).ExtractMostSignificantBits());
        return Avx2.Shuffle(bytes, BigEndian).AsSingle();
    }

    // Loaded in pairs: the character after an odd last one is the zero that ends every string.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Row(string key, int from, ushort* ends)
    {
        var length = Math.Min(key.Length, NameEnds.Longest);
        var byTwos = (length + 1) & ~1;
        Debug.Assert(byTwos <= NameEnds.Before, "The window begins before the table.");
        var mask = Vector256.Load(ends + from - byTwos).AsInt32();
        var end = Vector256.Load(ends + from - length + NameEnds.ToMarks);
        fixed (char* characters = key) return Avx2.MaskLoad((int*)(characters + from), mask).AsUInt16() | end;
    }

    public static void Scatter(uint* state, Span<Guid> ids, int* lanes)
    {
        var a = Load(state);
        var b = Rol((Load(state + Lanes) & Vector256.Create(0xFFFF0FFFu)) | Vector256.Create(0x5000u), 16);
        var c = Avx2.Shuffle(
            ((Load(state + 2 * Lanes) & Vector256.Create(0x3FFFFFFFu)) | Vector256.Create(0x80000000u)).AsByte(), BigEndian).AsUInt32();
        var d = Avx2.Shuffle(Load(state + 3 * Lanes).AsByte(), BigEndian).AsUInt32();
        var (ab, cd) = (Avx2.UnpackLow(a, b).AsUInt64(), Avx2.UnpackLow(c, d).AsUInt64());
        Scatter(Avx2.UnpackLow(ab, cd), ids, lanes);
        Scatter(Avx2.UnpackHigh(ab, cd), ids, lanes + 1);
        (ab, cd) = (Avx2.UnpackHigh(a, b).AsUInt64(), Avx2.UnpackHigh(c, d).AsUInt64());
        Scatter(Avx2.UnpackLow(ab, cd), ids, lanes + 2);
        Scatter(Avx2.UnpackHigh(ab, cd), ids, lanes + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(Vector256<ulong> two, Span<Guid> ids, int* lanes)
    {
        ids[lanes[0]] = Unsafe.BitCast<Vector128<ulong>, Guid>(two.GetLower());
        ids[lanes[4]] = Unsafe.BitCast<Vector128<ulong>, Guid>(two.GetUpper());
    }

    private static Vector256<byte> BigEndian
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(0x04050607_00010203UL, 0x0C0D0E0F_08090A0BUL, 0x04050607_00010203UL, 0x0C0D0E0F_08090A0BUL).AsByte();
    }

    public static void FirstBlock(uint* w, in Sha1State afterNamespace, uint* state)
    {
        Store(state, Vector256.Create(afterNamespace.A), Vector256.Create(afterNamespace.B), Vector256.Create(afterNamespace.C),
            Vector256.Create(afterNamespace.D), Vector256.Create(afterNamespace.E));
        Rounds(w, state);
        var initial = Sha1State.Initial;
        Add(state, Vector256.Create(initial.A), Vector256.Create(initial.B), Vector256.Create(initial.C), Vector256.Create(initial.D),
            Vector256.Create(initial.E));
    }

    public static void NextBlock(uint* w, uint* state)
    {
        var (before0, before1, before2, before3, before4) = (
            Load(state), Load(state + Lanes), Load(state + 2 * Lanes), Load(state + 3 * Lanes), Load(state + 4 * Lanes));
        var (a, b, c, d, e) = (before0, before1, before2, before3, before4);
        var k = Vector256.Create(Sha1State.K0);
        e += Load(w) + k; e += Choose(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += Load(w + Lanes) + k; d += Choose(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += Load(w + 2 * Lanes) + k; c += Choose(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += Load(w + 3 * Lanes) + k; b += Choose(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        Store(state, b, c, d, e, a);
        Rounds(w, state);
        Add(state, before0, before1, before2, before3, before4);
    }

    // Rounds 4 to 79, five at a time: after five rounds, the variables of the state have their first positions again.
    private static void Rounds(uint* w, uint* state)
    {
        var (b, c, d, e, a) = (Load(state), Load(state + Lanes), Load(state + 2 * Lanes), Load(state + 3 * Lanes), Load(state + 4 * Lanes));
        var k = Vector256.Create(Sha1State.K0);
        a += Load(w + 4 * Lanes) + k; a += Choose(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        w += 5 * Lanes;
        for (var end = w + 10 * Lanes; w < end; w += 5 * Lanes)
        {
            e += Load(w) + k; e += Choose(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
            d += Load(w + Lanes) + k; d += Choose(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
            c += Load(w + 2 * Lanes) + k; c += Choose(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
            b += Load(w + 3 * Lanes) + k; b += Choose(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
            a += Load(w + 4 * Lanes) + k; a += Choose(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        }
        e += Load(w) + k; e += Choose(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += Next(w, 1) + k; d += Choose(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += Next(w, 2) + k; c += Choose(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += Next(w, 3) + k; b += Choose(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += Next(w, 4) + k; a += Choose(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        w += 5 * Lanes;
        k = Vector256.Create(Sha1State.K1);
        for (var end = w + 20 * Lanes; w < end; w += 5 * Lanes)
        {
            e += Next(w, 0) + k; e += Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
            d += Next(w, 1) + k; d += Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
            c += Next(w, 2) + k; c += Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
            b += Next(w, 3) + k; b += Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
            a += Next(w, 4) + k; a += Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        }
        k = Vector256.Create(Sha1State.K2);
        for (var end = w + 20 * Lanes; w < end; w += 5 * Lanes)
        {
            e += Next(w, 0) + k; e += Majority(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
            d += Next(w, 1) + k; d += Majority(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
            c += Next(w, 2) + k; c += Majority(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
            b += Next(w, 3) + k; b += Majority(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
            a += Next(w, 4) + k; a += Majority(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        }
        k = Vector256.Create(Sha1State.K3);
        for (var end = w + 20 * Lanes; w < end; w += 5 * Lanes)
        {
            e += Next(w, 0) + k; e += Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
            d += Next(w, 1) + k; d += Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
            c += Next(w, 2) + k; c += Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
            b += Next(w, 3) + k; b += Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
            a += Next(w, 4) + k; a += Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        }
        Store(state, a, b, c, d, e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(uint* state, Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d, Vector256<uint> e)
    {
        a.Store(state);
        b.Store(state + Lanes);
        c.Store(state + 2 * Lanes);
        d.Store(state + 3 * Lanes);
        e.Store(state + 4 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(uint* state, Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d, Vector256<uint> e) =>
        Store(state, a + Load(state), b + Load(state + Lanes), c + Load(state + 2 * Lanes), d + Load(state + 3 * Lanes), e
            + Load(state + 4 * Lanes));

    public static uint Sum(uint* words) => Vector256.Sum(Load(words));

    public static bool AnyAtLeast(uint* words, uint limit) => Vector256.GreaterThanOrEqualAny(Load(words), Vector256.Create(limit));

    public static void Fill(uint* words, uint value) => Vector256.Create(value).Store(words);

    public static void Copy(uint* from, uint* to) => Load(from).Store(to);

    // W[t] = rol1(W[t-3] ^ W[t-8] ^ W[t-14] ^ W[t-16]), in memory: the loads cost nothing, and there are not enough
    // registers for sixteen words.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Next(uint* w, [ConstantExpected] int at)
    {
        var x = Load(w + (at - 3) * Lanes) ^ Load(w + (at - 8) * Lanes) ^ Load(w + (at - 14) * Lanes) ^ Load(w + (at - 16) * Lanes);
        var next = (x + x) | (x >>> 31);
        next.Store(w + at * Lanes);
        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Load(uint* at) => Vector256.Load(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Rol(Vector256<uint> x, [ConstantExpected] byte bits) => (x << bits) | (x >>> (32 - bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Choose(Vector256<uint> b, Vector256<uint> c, Vector256<uint> d) => d ^ (b & (c ^ d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Parity(Vector256<uint> b, Vector256<uint> c, Vector256<uint> d) => b ^ (c ^ d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Majority(Vector256<uint> b, Vector256<uint> c, Vector256<uint> d) => c ^ ((b ^ c) & (c ^ d));
}
