using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ForgeShop.Forge;

/// <summary>Hashes four names at a time, in the 128-bit vectors of any processor.</summary>
internal readonly unsafe struct NameLanes128 : INameLanes
{
    private const int Lanes = 4, SlabChars = 8;

    public static int Count => Lanes;

    public static int Chars => SlabChars;

    public static bool IsSupported => BitConverter.IsLittleEndian && Vector128.IsHardwareAccelerated;

    public static uint Gather(ReadOnlySpan<string> keys, int* lanes, int from, ushort* ends, uint* words)
    {
        uint visible = 0;
        var ab = Two(Row(keys[lanes[0]], from, ends), Row(keys[lanes[1]], from, ends), ref visible);
        var cd = Two(Row(keys[lanes[2]], from, ends), Row(keys[lanes[3]], from, ends), ref visible);
        Even(ab, cd).Store(words);
        Odd(ab, cd).Store(words + Lanes);
        return visible;
    }

    // Two words of the one name, then of the other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Two(Vector128<ushort> a, Vector128<ushort> b, ref uint visible)
    {
        var bytes = Sse41.IsSupported ? Sse41.PackUnsignedSaturate(a.AsInt16(), b.AsInt16()) : Vector128.NarrowWithSaturation(a, b);
        visible += (uint)BitOperations.PopCount(
            Vector128.GreaterThan((bytes + Vector128<byte>.One).AsSByte(), Vector128.Create((sbyte)' ')).ExtractMostSignificantBits());
        return BigEndian(bytes.AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Row(string key, int from, ushort* ends)
    {
        ref var characters = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference<char>(key));
        if (key.Length - from >= SlabChars) return Vector128.LoadUnsafe(ref characters, (nuint)from);
        var end = Vector128.Load(ends + from - Math.Min(key.Length, NameEnds.Longest) + NameEnds.ToMarks);
        return from < key.Length ? Sha1Name.Tail(ref characters, key.Length) | end : end;
    }

    public static void Scatter(uint* state, Span<Guid> ids, int* lanes)
    {
        var a = Load(state);
        var b = Rol((Load(state + Lanes) & Vector128.Create(0xFFFF0FFFu)) | Vector128.Create(0x5000u), 16);
        var c = BigEndian((Load(state + 2 * Lanes) & Vector128.Create(0x3FFFFFFFu)) | Vector128.Create(0x80000000u));
        var d = BigEndian(Load(state + 3 * Lanes));
        var (evenAB, oddAB) = (Even(a, b), Odd(a, b)); // a0 a2 b0 b2, a1 a3 b1 b3
        var (evenCD, oddCD) = (Even(c, d), Odd(c, d));
        ids[lanes[0]] = Unsafe.BitCast<Vector128<uint>, Guid>(Even(evenAB, evenCD));
        ids[lanes[2]] = Unsafe.BitCast<Vector128<uint>, Guid>(Odd(evenAB, evenCD));
        ids[lanes[1]] = Unsafe.BitCast<Vector128<uint>, Guid>(Even(oddAB, oddCD));
        ids[lanes[3]] = Unsafe.BitCast<Vector128<uint>, Guid>(Odd(oddAB, oddCD));
    }

    /// <summary>Words 0 and 2 of the one, then of the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Even(Vector128<uint> a, Vector128<uint> b) => Sse.IsSupported
        ? Sse.Shuffle(a.AsSingle(), b.AsSingle(), 0b10_00_10_00).AsUInt32()
        : Vector128.Create(
            Vector128.Shuffle(a, Vector128.Create(0u, 2, 0, 2)).GetLower(), Vector128.Shuffle(b, Vector128.Create(0u, 2, 0, 2)).GetLower());

    /// <summary>Words 1 and 3 of the one, then of the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Odd(Vector128<uint> a, Vector128<uint> b) => Sse.IsSupported
        ? Sse.Shuffle(a.AsSingle(), b.AsSingle(), 0b11_01_11_01).AsUInt32()
        : Vector128.Create(
            Vector128.Shuffle(a, Vector128.Create(1u, 3, 1, 3)).GetLower(), Vector128.Shuffle(b, Vector128.Create(1u, 3, 1, 3)).GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> BigEndian(Vector128<uint> words) =>
        Vector128.Shuffle(words.AsByte(), Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)).AsUInt32();

    public static void FirstBlock(uint* w, in Sha1State afterNamespace, uint* state)
    {
        Store(state, Vector128.Create(afterNamespace.A), Vector128.Create(afterNamespace.B), Vector128.Create(afterNamespace.C),
            Vector128.Create(afterNamespace.D), Vector128.Create(afterNamespace.E));
        Rounds(w, state);
        var initial = Sha1State.Initial;
        Add(state, Vector128.Create(initial.A), Vector128.Create(initial.B), Vector128.Create(initial.C), Vector128.Create(initial.D),
            Vector128.Create(initial.E));
    }

    public static void NextBlock(uint* w, uint* state)
    {
        var (before0, before1, before2, before3, before4) = (
            Load(state), Load(state + Lanes), Load(state + 2 * Lanes), Load(state + 3 * Lanes), Load(state + 4 * Lanes));
        var (a, b, c, d, e) = (before0, before1, before2, before3, before4);
        var k = Vector128.Create(Sha1State.K0);
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
        var k = Vector128.Create(Sha1State.K0);
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
        k = Vector128.Create(Sha1State.K1);
        for (var end = w + 20 * Lanes; w < end; w += 5 * Lanes)
        {
            e += Next(w, 0) + k; e += Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
            d += Next(w, 1) + k; d += Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
            c += Next(w, 2) + k; c += Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
            b += Next(w, 3) + k; b += Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
            a += Next(w, 4) + k; a += Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        }
        k = Vector128.Create(Sha1State.K2);
        for (var end = w + 20 * Lanes; w < end; w += 5 * Lanes)
        {
            e += Next(w, 0) + k; e += Majority(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
            d += Next(w, 1) + k; d += Majority(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
            c += Next(w, 2) + k; c += Majority(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
            b += Next(w, 3) + k; b += Majority(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
            a += Next(w, 4) + k; a += Majority(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        }
        k = Vector128.Create(Sha1State.K3);
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
    private static void Store(uint* state, Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d, Vector128<uint> e)
    {
        a.Store(state);
        b.Store(state + Lanes);
        c.Store(state + 2 * Lanes);
        d.Store(state + 3 * Lanes);
        e.Store(state + 4 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(uint* state, Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d, Vector128<uint> e) =>
        Store(state, a + Load(state), b + Load(state + Lanes), c + Load(state + 2 * Lanes), d + Load(state + 3 * Lanes), e
            + Load(state + 4 * Lanes));

    public static uint Sum(uint* words) => Vector128.Sum(Load(words));

    public static bool AnyAtLeast(uint* words, uint limit) => Vector128.GreaterThanOrEqualAny(Load(words), Vector128.Create(limit));

    public static void Fill(uint* words, uint value) => Vector128.Create(value).Store(words);

    public static void Copy(uint* from, uint* to) => Load(from).Store(to);

    // W[t] = rol1(W[t-3] ^ W[t-8] ^ W[t-14] ^ W[t-16]), in memory: the loads cost nothing, and there are not enough
    // registers for sixteen words.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Next(uint* w, [ConstantExpected] int at)
    {
        var x = Load(w + (at - 3) * Lanes) ^ Load(w + (at - 8) * Lanes) ^ Load(w + (at - 14) * Lanes) ^ Load(w + (at - 16) * Lanes);
        var next = (x + x) | (x >>> 31);
        next.Store(w + at * Lanes);
        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Load(uint* at) => Vector128.Load(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rol(Vector128<uint> x, [ConstantExpected] byte bits) => (x << bits) | (x >>> (32 - bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Choose(Vector128<uint> b, Vector128<uint> c, Vector128<uint> d) => d ^ (b & (c ^ d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Parity(Vector128<uint> b, Vector128<uint> c, Vector128<uint> d) => b ^ (c ^ d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Majority(Vector128<uint> b, Vector128<uint> c, Vector128<uint> d) => c ^ ((b ^ c) & (c ^ d));
}
