using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ForgeShop.Forge;

/// <summary>
/// The compression function of SHA-1 (FIPS 180-4 section 6.1.2) for names, most of which fit into one block. A call into a native library
/// would cost several times as much as the rounds. The message schedule is computed four words at a time in vectors, a few steps ahead of
/// the rounds, which run in scalar registers. The steps are unrolled, so the processor runs both in parallel.
/// </summary>
internal static class Sha1Compression
{
    private const uint K0 = Sha1State.K0, K1 = Sha1State.K1, K2 = Sha1State.K2, K3 = Sha1State.K3;

    /// <summary>Adds a block of 16 words, in the byte order of the machine, to the state.</summary>
    public static Sha1State Compress(in Sha1State state, Vector128<uint> w0, Vector128<uint> w1, Vector128<uint> w2, Vector128<uint> w3) =>
        state + AfterFour(
            state.Round(w0.GetElement(0)).Round(w0.GetElement(1)).Round(w0.GetElement(2)).Round(w0.GetElement(3)), w0, w1, w2, w3);

    /// <summary>
    /// Computes rounds 4 to 79 of a block. The first four words of every name are the namespace's, so their rounds are computed once.
    /// </summary>
    /// <param name="state">The working state after rounds 0 to 3.</param>
    /// <param name="w0">Words 0 to 3, which the schedule needs.</param>
    /// <param name="w1">Words 4 to 7.</param>
    /// <param name="w2">Words 8 to 11.</param>
    /// <param name="w3">Words 12 to 15.</param>
    [SkipLocalsInit]
    public static unsafe Sha1State AfterFour(
        in Sha1State state, Vector128<uint> w0, Vector128<uint> w1, Vector128<uint> w2, Vector128<uint> w3)
    {
        var w = stackalloc uint[80];
        Vector128<uint> w4, w5, w6, w7;
        // After four rounds, the variables of the state have moved by four of five positions.
        uint b = state.A, c = state.B, d = state.C, e = state.D, a = state.E;

        Store(w, 4, w1 + Vector128.Create(K0));
        Store(w, 8, w2 + Vector128.Create(K0)); Store(w, 12, w3 + Vector128.Create(K0));
        w4 = Early(w0, w1, w2, w3); Store(w, 16, w4 + Vector128.Create(K0));
        w5 = Early(w1, w2, w3, w4); Store(w, 20, w5 + Vector128.Create(K1));
        w6 = Early(w2, w3, w4, w5); Store(w, 24, w6 + Vector128.Create(K1));
        w7 = Early(w3, w4, w5, w6); Store(w, 28, w7 + Vector128.Create(K1));
        a += w[4] + Choose(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[5] + Choose(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[6] + Choose(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[7] + Choose(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        w0 = Late(w0, w1, w4, w6, w7); Store(w, 32, w0 + Vector128.Create(K1));
        b += w[8] + Choose(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[9] + Choose(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[10] + Choose(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[11] + Choose(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        w1 = Late(w1, w2, w5, w7, w0); Store(w, 36, w1 + Vector128.Create(K1));
        c += w[12] + Choose(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[13] + Choose(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[14] + Choose(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[15] + Choose(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        w2 = Late(w2, w3, w6, w0, w1); Store(w, 40, w2 + Vector128.Create(K2));
        d += w[16] + Choose(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[17] + Choose(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[18] + Choose(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[19] + Choose(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        w3 = Late(w3, w4, w7, w1, w2); Store(w, 44, w3 + Vector128.Create(K2));
        e += w[20] + Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[21] + Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[22] + Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[23] + Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        w4 = Late(w4, w5, w0, w2, w3); Store(w, 48, w4 + Vector128.Create(K2));
        a += w[24] + Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[25] + Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[26] + Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[27] + Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        w5 = Late(w5, w6, w1, w3, w4); Store(w, 52, w5 + Vector128.Create(K2));
        b += w[28] + Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[29] + Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[30] + Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[31] + Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        w6 = Late(w6, w7, w2, w4, w5); Store(w, 56, w6 + Vector128.Create(K2));
        c += w[32] + Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[33] + Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[34] + Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[35] + Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        w7 = Late(w7, w0, w3, w5, w6); Store(w, 60, w7 + Vector128.Create(K3));
        d += w[36] + Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[37] + Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[38] + Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[39] + Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        w0 = Late(w0, w1, w4, w6, w7); Store(w, 64, w0 + Vector128.Create(K3));
        e += w[40] + Majority(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[41] + Majority(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[42] + Majority(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[43] + Majority(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        w1 = Late(w1, w2, w5, w7, w0); Store(w, 68, w1 + Vector128.Create(K3));
        a += w[44] + Majority(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[45] + Majority(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[46] + Majority(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[47] + Majority(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        w2 = Late(w2, w3, w6, w0, w1); Store(w, 72, w2 + Vector128.Create(K3));
        b += w[48] + Majority(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[49] + Majority(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[50] + Majority(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[51] + Majority(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        w3 = Late(w3, w4, w7, w1, w2); Store(w, 76, w3 + Vector128.Create(K3));
        c += w[52] + Majority(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[53] + Majority(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[54] + Majority(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[55] + Majority(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[56] + Majority(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[57] + Majority(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[58] + Majority(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[59] + Majority(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[60] + Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[61] + Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[62] + Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[63] + Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[64] + Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[65] + Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[66] + Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[67] + Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[68] + Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[69] + Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[70] + Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[71] + Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[72] + Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[73] + Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[74] + Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);
        e += w[75] + Parity(b, c, d); e += Rol(a, 5); b = Rol(b, 30);
        d += w[76] + Parity(a, b, c); d += Rol(e, 5); a = Rol(a, 30);
        c += w[77] + Parity(e, a, b); c += Rol(d, 5); e = Rol(e, 30);
        b += w[78] + Parity(d, e, a); b += Rol(c, 5); d = Rol(d, 30);
        a += w[79] + Parity(c, d, e); a += Rol(b, 5); c = Rol(c, 30);

        return new Sha1State(a, b, c, d, e);
    }

    // Words 16 to 31: W[t] = rol1(W[t-3] ^ W[t-8] ^ W[t-14] ^ W[t-16]). The last of four needs the first, which is added afterwards.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Early(Vector128<uint> w16, Vector128<uint> w12, Vector128<uint> w8, Vector128<uint> w4)
    {
        var x = w16 ^ Middle(w16, w12) ^ w8 ^ ShiftDown(w4);
        return Rol(x, 1) ^ Rol(ShiftToLast(x), 2);
    }

    // Words 32 to 79 by the same recurrence applied to itself: W[t] = rol2(W[t-6] ^ W[t-16] ^ W[t-28] ^ W[t-32]), no dependency within
    // four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Late(
        Vector128<uint> w32, Vector128<uint> w28, Vector128<uint> w16, Vector128<uint> w8, Vector128<uint> w4) =>
        Rol(w32 ^ w28 ^ w16 ^ Middle(w8, w4), 2);

    /// <summary>Returns the upper two words of the first and the lower two of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Middle(Vector128<uint> first, Vector128<uint> second) => Ssse3.IsSupported
        ? Ssse3.AlignRight(second.AsByte(), first.AsByte(), 8).AsUInt32()
        : Vector128.Create(first.GetUpper(), second.GetLower());

    /// <summary>Returns words 1, 2, 3 and zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> ShiftDown(Vector128<uint> x) => Sse2.IsSupported
        ? Sse2.ShiftRightLogical128BitLane(x, 4)
        : Vector128.Shuffle(x, Vector128.Create(1u, 2, 3, 4));

    /// <summary>Returns zero, zero, zero and word 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> ShiftToLast(Vector128<uint> x) => Sse2.IsSupported
        ? Sse2.ShiftLeftLogical128BitLane(x, 12)
        : Vector128.Shuffle(x, Vector128.Create(4u, 4, 4, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rol(Vector128<uint> x, [ConstantExpected] byte bits) => Avx512F.VL.IsSupported
        ? Avx512F.VL.RotateLeft(x, bits)
        : (x << bits) | (x >>> (32 - bits));

    private static uint Rol(uint x, int bits) => BitOperations.RotateLeft(x, bits);

    private static uint Choose(uint b, uint c, uint d) => d ^ (b & (c ^ d));

    private static uint Parity(uint b, uint c, uint d) => b ^ c ^ d;

    // Majority. The two terms share no bit, so their sum equals their disjunction, and the processor may choose the order.
    private static uint Majority(uint b, uint c, uint d) => (b & c) + (d & (b ^ c));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Store(uint* w, int at, Vector128<uint> words) => words.Store(w + at);
}
