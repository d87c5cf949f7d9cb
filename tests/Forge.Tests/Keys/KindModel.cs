using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// A second, slow implementation of the kinds from the specification: regular expressions, lists of code points and the framework's
/// calendar instead of hand-made loops. The library must agree with it on every input. Null means refused.
/// </summary>
internal static partial class KindModel
{
    public static string? Canonical(KeyKind kind, string input) => kind switch
    {
        KeyKind.Email => Matched(Email(), Strip(input)) is { Length: <= 254 } email ? Fold(email, 'A', 'Z', 32) : null,
        KeyKind.Sku => Matched(Sku(), Strip(input)) is { } sku ? Fold(sku, 'a', 'z', -32) : null,
        KeyKind.Text => Text(input),
        KeyKind.Int => Matched(Int(), input),
        KeyKind.Dec => Dec(input),
        KeyKind.Bool => input is "true" or "false" ? input : null,
        KeyKind.Uuid => Matched(Uuids(), input) is { } uuid ? Fold(uuid, 'A', 'F', 32) : null,
        KeyKind.Ts3 => Timestamp(input, 3),
        _ => Timestamp(input, 6),
    };

    private static string Strip(string input) => input.Trim('\u0009', '\u000A', '\u000B', '\u000C', '\u000D', '\u0020');

    private static string Fold(string text, char first, char last, int by) =>
        string.Concat(text.Select(c => c >= first && c <= last ? (char)(c + by) : c));

    private static string? Matched(Regex pattern, string input) => pattern.IsMatch(input) ? input : null;

    private static string? Text(string input)
    {
        byte[] utf8;
        try
        {
            utf8 = new UTF8Encoding(false, true).GetBytes(input);
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
        var runes = input.EnumerateRunes().Select(rune => rune.Value).ToList();
        var inRange = utf8.Length is >= 1 and <= 1024;
        return inRange && !runes.Exists(Refused.Contains) && !Edges.Contains(runes[0]) && !Edges.Contains(runes[^1]) ? input : null;
    }

    /// <summary>Whether a code point is accepted as a text of its own, and between two letters.</summary>
    public static (bool Alone, bool Inside) Judge(int point)
    {
        var inside = point is < 0xD800 or > 0xDFFF && !Refused.Contains(point);
        return (inside && !Edges.Contains(point), inside);
    }

    private static readonly HashSet<int> Refused = Points(
        "0000-001F 007F-009F 00AD 180E 200B 200E-200F 2028-202E 2060-2069 FDD0-FDEF FEFF FFF9-FFFB "
            + string.Join(' ', Enumerable.Range(0, 17).Select(plane => $"{plane:X}FFFE-{plane:X}FFFF")));

    private static readonly HashSet<int> Edges = Points("0020 00A0 1680 2000-200A 202F 205F 3000");

    private static HashSet<int> Points(string ranges) => [.. ranges.Split(' ').SelectMany(range =>
    {
        var ends = range.Split('-').Select(end => int.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
    })];

    private static string? Dec(string input)
    {
        if (!Decimal().IsMatch(input)) return null;
        var parts = input.TrimStart('-').Split('.');
        var (whole, decimals) = (parts[0].TrimStart('0'), parts.Length > 1 ? parts[1].TrimEnd('0') : "");
        if (whole.Length + decimals.Length > 28 || decimals.Length > 28) return null;
        var sign = input.StartsWith('-') && whole.Length + decimals.Length > 0 ? "-" : "";
        return sign + (whole.Length == 0 ? "0" : whole) + (decimals.Length == 0 ? "" : "." + decimals);
    }

    private static string? Timestamp(string input, int decimals)
    {
        var match = Rfc3339().Match(input);
        if (!match.Success) return null;
        var fraction = match.Groups["fraction"].Value.PadRight(9, '0');
        if (fraction[decimals..].Any(digit => digit != '0')) return null;
        // The framework's calendar has no year 0; 400 years later, every date has the same weekday and month length.
        var year = int.Parse(match.Groups["year"].Value, CultureInfo.InvariantCulture);
        var shift = year < 5000 ? 400 : -400;
        if (!DateTime.TryParseExact($"{year + shift:D4}{match.Groups["rest"].Value}", "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture,
            DateTimeStyles.None, out var local)) return null;
        var zone = match.Groups["zone"].Value;
        var offset = TimeSpan.Zero;
        if (zone != "Z")
        {
            // Not TimeSpan.Parse, which has another error for 92:59.
            offset = new TimeSpan(
                int.Parse(zone[1..3], CultureInfo.InvariantCulture), int.Parse(zone[4..], CultureInfo.InvariantCulture), 0);
            if (zone == "-00:00" || offset > TimeSpan.FromHours(14)) return null;
            if (zone[0] == '-') offset = -offset;
        }
        var utc = local - offset;
        var utcYear = utc.Year - shift;
        return utcYear is < 1 or > 9999
            ? null : $"{utcYear:D4}{utc.ToString("-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)}.{fraction[..decimals]}Z";
    }

    private const RegexOptions Exact = RegexOptions.CultureInvariant;

    [GeneratedRegex(@"\A[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\z", Exact)]
    private static partial Regex Email();

    [GeneratedRegex(@"\A[!-~]{1,64}\z", Exact)]
    private static partial Regex Sku();

    [GeneratedRegex(@"\A(0|-?[1-9][0-9]{0,37})\z", Exact)]
    private static partial Regex Int();

    [GeneratedRegex(@"\A-?[0-9]+(\.[0-9]+)?\z", Exact)]
    private static partial Regex Decimal();

    [GeneratedRegex(@"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\z", Exact)]
    private static partial Regex Uuids();

    [GeneratedRegex(
        @"\A(?<year>[0-9]{4})(?<rest>-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?<fraction>[0-9]{1,9}))?"
        + @"(?<zone>Z|[+-][0-9]{2}:[0-5][0-9])\z", Exact)]
    private static partial Regex Rfc3339();
}
