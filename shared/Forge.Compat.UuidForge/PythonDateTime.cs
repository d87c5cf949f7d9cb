using System.Text;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>Python's <c>datetime.datetime</c>: a local time to the microsecond and, unless naive, a fixed offset.</summary>
internal sealed record PythonDateTime(DateTime Local, TimeSpan? Offset)
{
    private const int SecondsPerDay = 86_400;

    public static PythonDateTime From(DateTime value) => value.Kind switch
    {
        DateTimeKind.Utc => From(value, TimeSpan.Zero),
        DateTimeKind.Unspecified => new(Checked(value), null),
        _ => throw new UuidForgeException("datetime: a local time means something else on another machine; convert it to UTC"),
    };

    public static PythonDateTime From(DateTime local, TimeSpan offset)
    {
        if (offset.Duration() >= TimeSpan.FromDays(1) || offset.Ticks % TimeSpan.TicksPerMicrosecond != 0)
            throw new UuidForgeException("datetime: an offset is less than 24 hours and whole microseconds");
        return new(Checked(local), offset);
    }

    private static DateTime Checked(DateTime value) => value.Ticks % TimeSpan.TicksPerMicrosecond == 0
        ? value
        : throw new UuidForgeException("datetime: Python keeps microseconds; cut finer fractions off yourself");

    public void Repr(StringBuilder output)
    {
        output.Append($"datetime.datetime({Local.Year}, {Local.Month}, {Local.Day}, {Local.Hour}, {Local.Minute}");
        var microseconds = (int)(Local.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond);
        if (Local.Second != 0 || microseconds != 0)
            output.Append($", {Local.Second}");
        if (microseconds != 0)
            output.Append($", {microseconds}");
        if (Offset == TimeSpan.Zero)
            output.Append(", tzinfo=datetime.timezone.utc");
        else if (Offset is { } offset)
            output.Append(", tzinfo=datetime.timezone(").Append(ReprOffset(offset)).Append(')');
        output.Append(')');
    }

    // A timedelta keeps 0 <= seconds < 86400, so a negative one borrows a day.
    private static string ReprOffset(TimeSpan offset)
    {
        var total = offset.Ticks / TimeSpan.TicksPerMicrosecond;
        var days = total < 0 ? -1 : 0;
        total -= days * SecondsPerDay * 1_000_000L;
        var (seconds, microseconds) = Math.DivRem(total, 1_000_000L);
        var parts = new List<string>(3);
        if (days != 0)
            parts.Add($"days={days}");
        if (seconds != 0)
            parts.Add($"seconds={seconds}");
        if (microseconds != 0)
            parts.Add($"microseconds={microseconds}");
        return $"datetime.timedelta({string.Join(", ", parts)})";
    }
}
