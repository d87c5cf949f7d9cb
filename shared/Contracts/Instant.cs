using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ForgeShop.Contracts;

/// <summary>
/// The wire form of a point in time: RFC 3339 with any offset; without one it is UTC. The parsers of .NET accept more forms than the ports
/// in other languages, and round.
/// </summary>
public static partial class Instant
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fffffffK";

    /// <summary>Returns the instant in UTC, in ticks, rounded down; false if the text is not one of the years 1 to 9999.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DateTimeOffset instant)
    {
        instant = default;
        return text is not null && Form().Match(text) is { Success: true, Groups: var parts }
            && DateTimeOffset.TryParseExact(
                $"{parts[1].ValueSpan}.{parts[2].Value.PadRight(7, '0').AsSpan(0, 7)}{parts[3].ValueSpan}", Format,
                CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
    }

    [GeneratedRegex(@"\A([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,16}))?(Z|[+-][0-9]{2}:[0-9]{2})?\z")]
    private static partial Regex Form();
}
