using System.Globalization;
using System.Text;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>
/// Python's <c>datetime.datetime</c>: a local time to the microsecond and, unless naive, a fixed offset or the name of a zone.
/// </summary>
internal sealed record PythonDateTime(DateTime Local, TimeSpan? Offset, string? Zone = null, bool Fold = false)
{
    private const int SecondsPerDay = 86_400;

    public static PythonDateTime From(DateTime value) => value.Kind switch
    {
        DateTimeKind.Utc => new(Checked(value), TimeSpan.Zero),
        DateTimeKind.Unspecified => new(Checked(value), null),
        _ => throw new UuidForgeException("datetime: a local time means something else on another machine; convert it to UTC"),
    };

    public static PythonDateTime From(DateTime local, TimeSpan offset)
    {
        if (offset.Duration() >= TimeSpan.FromDays(1) || offset.Ticks % TimeSpan.TicksPerMicrosecond != 0)
            throw new UuidForgeException("datetime: an offset is less than 24 hours and whole microseconds");
        return new(Checked(Unspecified(local)), offset);
    }

    public static PythonDateTime From(DateTime local, string zone, bool fold)
    {
        ArgumentException.ThrowIfNullOrEmpty(zone);
        return new(Checked(Unspecified(local)), null, zone, fold);
    }

    // The kinds UTC and local would contradict the offset.
    private static DateTime Unspecified(DateTime local) => local.Kind is DateTimeKind.Unspecified
        ? local
        : throw new UuidForgeException("datetime: a time that is given with its offset or zone is of kind Unspecified");

    private static DateTime Checked(DateTime value) => value.Ticks % TimeSpan.TicksPerMicrosecond == 0
        ? value
        : throw new UuidForgeException("datetime: Python keeps microseconds; cut finer fractions off yourself");

    public void Repr(StringBuilder output, PythonVersion version)
    {
        output.Append(
            CultureInfo.InvariantCulture, $"datetime.datetime({Local.Year}, {Local.Month}, {Local.Day}, {Local.Hour}, {Local.Minute}");
        var microseconds = (int)(Local.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond);
        if (Local.Second != 0 || microseconds != 0)
            output.Append(CultureInfo.InvariantCulture, $", {Local.Second}");
        if (microseconds != 0)
            output.Append(CultureInfo.InvariantCulture, $", {microseconds}");
        if (Fold)
            output.Append(", fold=1");
        if (Offset == TimeSpan.Zero)
            output.Append(", tzinfo=datetime.timezone.utc");
        else if (Offset is { } offset)
            output.Append(", tzinfo=datetime.timezone(").Append(ReprOffset(offset)).Append(')');
        else if (Zone is not null)
        {
            PythonText.Repr(output.Append(", tzinfo=zoneinfo.ZoneInfo(key="), Zone, version);
            output.Append(')');
        }

        output.Append(')');
    }

    // A timedelta keeps 0 <= seconds < 86400, so a negative one borrows a day.
    private static string ReprOffset(TimeSpan offset)
    {
        var total = offset.Ticks / TimeSpan.TicksPerMicrosecond;
        var parts = new List<string>(3);
        if (total < 0)
        {
            parts.Add("days=-1");
            total += SecondsPerDay * 1_000_000L;
        }

        var (seconds, microseconds) = Math.DivRem(total, 1_000_000L);
        if (seconds != 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"seconds={seconds}"));
        if (microseconds != 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"microseconds={microseconds}"));
        return $"datetime.timedelta({string.Join(", ", parts)})";
    }
}
