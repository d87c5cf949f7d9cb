using System.Numerics;

namespace ForgeShop.Forge;

/// <summary>
/// Instants: from RFC 3339 to UTC with a fixed number of decimals. Its own arithmetic, because the parsers of runtimes differ.
/// </summary>
internal static partial class CanonicalKey
{
    private const long SecondsPerDay = 86_400;
    private const int MaxOffsetMinutes = 14 * 60;

    // 2024-01-15T10:30:00[.1-9 digits](Z|±hh:mm)
    private static KeyRefusal Timestamp<T>(ReadOnlySpan<T> input, int decimals, Span<byte> destination, ref int written, ref int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (input.IsEmpty) return KeyRefusal.Empty;
        var at = Mismatch(input, "dddd-dd-ddTdd:dd:dd"u8);
        if (at < 19) return at >= input.Length ? KeyRefusal.Form : Refuse(input, at, ref codePoint);

        var fractionStart = at;
        if (at < input.Length && At(input, at) == '.')
        {
            fractionStart = ++at;
            while (at < input.Length && IsDigit(At(input, at))) at++;
            if (at == fractionStart || at - fractionStart > 9) return KeyRefusal.Form;
        }
        var fractionEnd = at;

        var zone = input[at..];
        var offsetMinutes = 0;
        if (zone.IsEmpty) return KeyRefusal.Form;
        var sign = At(zone, 0);
        var zoneLength = sign == 'Z' ? 1 : 6;
        if (sign is '+' or '-')
        {
            var wrong = Mismatch(zone[1..], "dd:dd"u8);
            if (wrong < 5) return wrong + 1 >= zone.Length ? KeyRefusal.Form : Refuse(zone, wrong + 1, ref codePoint);
            var minutes = Digits(zone, 4, 2);
            offsetMinutes = Digits(zone, 1, 2) * 60 + minutes;
            // In RFC 3339, -00:00 means that the offset is unknown.
            if (minutes > 59 || offsetMinutes > MaxOffsetMinutes || (sign == '-' && offsetMinutes == 0)) return KeyRefusal.Range;
            if (sign == '-') offsetMinutes = -offsetMinutes;
        }
        else if (sign != 'Z')
        {
            return Refuse(zone, 0, ref codePoint);
        }
        if (zone.Length > zoneLength) return Refuse(zone, zoneLength, ref codePoint);

        for (var i = fractionStart + decimals; i < fractionEnd; i++)
        {
            if (At(input, i) != '0') return KeyRefusal.TooPrecise;
        }

        var (year, month, day) = (Digits(input, 0, 4), Digits(input, 5, 2), Digits(input, 8, 2));
        var (hour, minute, second) = (Digits(input, 11, 2), Digits(input, 14, 2), Digits(input, 17, 2));
        if (month is < 1 or > 12 || day < 1 || day > DaysInMonth(year, month) || hour > 23 || minute > 59
            || second > 59) return KeyRefusal.Range;

        var seconds = DaysFromYearZero(year, month, day) * SecondsPerDay + hour * 3600 + minute * 60 + second - offsetMinutes * 60L;
        if (seconds < DaysFromYearZero(1, 1, 1) * SecondsPerDay
            || seconds >= DaysFromYearZero(10_000, 1, 1) * SecondsPerDay) return KeyRefusal.Range;
        Span<byte> fraction = stackalloc byte[6];
        fraction.Fill((byte)'0');
        for (var i = 0; i < decimals && fractionStart + i < fractionEnd; i++) fraction[i] = byte.CreateTruncating(input[fractionStart + i]);
        written = WriteInstant(seconds, fraction[..decimals], destination);
        return KeyRefusal.None;
    }

    /// <summary>Writes the canonical text of an instant.</summary>
    public static KeyRefusal WriteInstant(DateTimeOffset value, int decimals, Span<byte> destination, out int written)
    {
        written = 0;
        var ticks = value.UtcTicks;
        var sub = ticks % TimeSpan.TicksPerSecond;
        var unit = decimals == 3 ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerMicrosecond;
        if (sub % unit != 0) return KeyRefusal.TooPrecise;
        Span<byte> fraction = stackalloc byte[decimals];
        var rest = sub / unit;
        for (var i = decimals - 1; i >= 0; i--, rest /= 10) fraction[i] = (byte)('0' + rest % 10);
        written = WriteInstant(ticks / TimeSpan.TicksPerSecond + DaysFromYearZero(1, 1, 1) * SecondsPerDay, fraction, destination);
        return KeyRefusal.None;
    }

    private static int WriteInstant(long secondsFromYearZero, ReadOnlySpan<byte> fraction, Span<byte> destination)
    {
        var (days, second) = Math.DivRem(secondsFromYearZero, SecondsPerDay);
        var year = (int)(days * 400 / 146_097);
        while (DaysFromYearZero(year, 1, 1) > days) year--;
        while (DaysFromYearZero(year + 1, 1, 1) <= days) year++;
        var month = 1;
        while (month < 12 && DaysFromYearZero(year, month + 1, 1) <= days) month++;
        var day = (int)(days - DaysFromYearZero(year, month, 1)) + 1;

        "0000-00-00T00:00:00."u8.CopyTo(destination);
        Put(destination, 0, 4, year);
        Put(destination, 5, 2, month);
        Put(destination, 8, 2, day);
        Put(destination, 11, 2, (int)(second / 3600));
        Put(destination, 14, 2, (int)(second / 60 % 60));
        Put(destination, 17, 2, (int)(second % 60));
        fraction.CopyTo(destination[20..]);
        destination[20 + fraction.Length] = (byte)'Z';
        return 21 + fraction.Length;
    }

    // Days since 0000-01-01 in the proleptic Gregorian calendar (the year 0 is a leap year).
    private static long DaysFromYearZero(int year, int month, int day)
    {
        long before = year - 1; // -1 for the year 0
        var leapDays = year == 0 ? 0 : before / 4 - before / 100 + before / 400 + 1;
        return year * 365L + leapDays + DaysBeforeMonth(year, month) + day - 1;
    }

    // (367 m - 362) / 12 assumes that February has 30 days.
    private static int DaysBeforeMonth(int year, int month) => (367 * month - 362) / 12 - (month <= 2 ? 0 : IsLeap(year) ? 1 : 2);

    private static int DaysInMonth(int year, int month) => month switch
    {
        2 => IsLeap(year) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    private static bool IsLeap(int year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    // Returns the first position where the input differs from the pattern (d: a digit); the length of the pattern if none does.
    private static int Mismatch<T>(ReadOnlySpan<T> input, ReadOnlySpan<byte> pattern) where T : unmanaged, IBinaryInteger<T>
    {
        for (var i = 0; i < pattern.Length; i++)
        {
            if (i >= input.Length) return i;
            var c = At(input, i);
            if (pattern[i] == 'd' ? !IsDigit(c) : c != pattern[i]) return i;
        }
        return pattern.Length;
    }

    private static int Digits<T>(ReadOnlySpan<T> input, int start, int count) where T : unmanaged, IBinaryInteger<T>
    {
        var value = 0;
        for (var i = start; i < start + count; i++) value = value * 10 + (At(input, i) - '0');
        return value;
    }

    private static void Put(Span<byte> destination, int start, int count, int value)
    {
        for (var i = start + count - 1; i >= start; i--, value /= 10) destination[i] = (byte)('0' + value % 10);
    }
}
