using System.Globalization;
using System.Numerics;
using System.Text;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>
/// An argument with its Python type. The conversions are the supported types: a type without an exact Python counterpart
/// (enums, sets, records, <see cref="float"/>, <see cref="TimeSpan"/> ...) does not compile, and <see cref="From(object?)"/> refuses it.
/// </summary>
/// <remarks>
/// Build lists, tuples and dicts with <see cref="List"/>, <see cref="Tuple"/> and <see cref="Dict"/>; the default value is <c>None</c>.
/// </remarks>
public readonly partial struct PythonValue
{
    internal const int MaxDepth = 100;

    private readonly object? _value;

    private PythonValue(object? value) => _value = value;

    internal object? Inner => _value;

    /// <summary>Python's <c>None</c>.</summary>
    public static PythonValue None => default;

    /// <summary>A <c>str</c>; lone surrogates are escaped as Python does. Null is <c>None</c>.</summary>
    public static implicit operator PythonValue(string? value) => new(value);

    /// <summary>A <c>bool</c>.</summary>
    public static implicit operator PythonValue(bool value) => new(value);

    /// <summary>An <c>int</c>.</summary>
    public static implicit operator PythonValue(int value) => new((BigInteger)value);

    /// <summary>An <c>int</c>.</summary>
    public static implicit operator PythonValue(uint value) => new((BigInteger)value);

    /// <summary>An <c>int</c>.</summary>
    public static implicit operator PythonValue(long value) => new((BigInteger)value);

    /// <summary>An <c>int</c>.</summary>
    public static implicit operator PythonValue(ulong value) => new((BigInteger)value);

    /// <summary>An <c>int</c>, at most 4,300 digits as in Python.</summary>
    public static implicit operator PythonValue(BigInteger value) => new(value);

    /// <summary>A <c>float</c>.</summary>
    public static implicit operator PythonValue(double value) => new(value);

    /// <summary>
    /// Not allowed: without this operator the compiler would widen it, and <c>0.1f</c> would become <c>0.10000000149011612</c>.
    /// </summary>
    /// <exception cref="UuidForgeException">Always.</exception>
    [Obsolete("Widen it to double yourself: the digits differ.", error: true)]
    public static implicit operator PythonValue(float value) => throw Refused(value, "widen it to double yourself: the digits differ");

    /// <summary>A <c>decimal.Decimal</c> with the same digits, trailing zeros included.</summary>
    public static implicit operator PythonValue(decimal value) => new(PythonDecimal.From(value));

    /// <summary>A <c>uuid.UUID</c>.</summary>
    public static implicit operator PythonValue(Guid value) => new(value);

    /// <summary>A <c>datetime.date</c>.</summary>
    public static implicit operator PythonValue(DateOnly value) => new(value);

    /// <summary>
    /// A <c>datetime.datetime</c>: naive for <see cref="DateTimeKind.Unspecified"/>, with <c>timezone.utc</c> for
    /// <see cref="DateTimeKind.Utc"/>.
    /// </summary>
    /// <exception cref="UuidForgeException">The kind is local, or there is a fraction finer than a microsecond.</exception>
    public static implicit operator PythonValue(DateTime value) => new(PythonDateTime.From(value));

    /// <summary>A <c>datetime.datetime</c> with a fixed offset; offset zero is <c>timezone.utc</c>.</summary>
    /// <exception cref="UuidForgeException">There is a fraction finer than a microsecond.</exception>
    public static implicit operator PythonValue(DateTimeOffset value) => new(PythonDateTime.From(value.DateTime, value.Offset));

    /// <summary>A <c>datetime.datetime</c> with an offset in seconds, which <see cref="DateTimeOffset"/> cannot hold.</summary>
    /// <param name="local">The local time, kind <see cref="DateTimeKind.Unspecified"/>.</param>
    /// <param name="offset">Between -24 and 24 hours exclusive, whole microseconds.</param>
    /// <exception cref="UuidForgeException">Another kind or offset, or a fraction finer than a microsecond.</exception>
    public static PythonValue DateTimeWithOffset(DateTime local, TimeSpan offset) => new(PythonDateTime.From(local, offset));

    /// <summary>A <c>datetime.datetime</c> in a <c>zoneinfo.ZoneInfo</c>, whose name and not its offset is part of the ID.</summary>
    /// <param name="local">The local time, kind <see cref="DateTimeKind.Unspecified"/>.</param>
    /// <param name="zone">The zone's key as Python has it, for example <c>Europe/London</c>. Not looked up.</param>
    /// <param name="fold">Python's <c>fold=1</c>: the later one of two equal local times when clocks go back.</param>
    /// <exception cref="UuidForgeException">Another kind, or a fraction finer than a microsecond.</exception>
    /// <exception cref="ArgumentException">The zone is empty.</exception>
    public static PythonValue DateTimeInZone(DateTime local, string zone, bool fold = false) => new(PythonDateTime.From(local, zone, fold));

    /// <summary>
    /// A <c>decimal.Decimal</c> from its text, for what <see cref="decimal"/> cannot hold: <c>1E+3</c>, <c>-0</c>, <c>NaN</c>, many digits.
    /// </summary>
    /// <exception cref="UuidForgeException">The text is not one that <c>Decimal(text)</c> accepts.</exception>
    public static PythonValue DecimalText(string text) => new(PythonDecimal.Parse(text));

    /// <summary>A <c>list</c>.</summary>
    public static PythonValue List(params ReadOnlySpan<PythonValue> items) => new(new Sequence('[', ']', items.ToArray()));

    /// <summary>A <c>tuple</c>.</summary>
    public static PythonValue Tuple(params ReadOnlySpan<PythonValue> items) => new(new Sequence('(', ')', items.ToArray()));

    /// <summary>A <c>dict</c> in insertion order, which is part of the ID.</summary>
    /// <exception cref="UuidForgeException">
    /// A key that Python cannot hash (a list or dict, also inside a tuple), or two that are one to Python: <c>1</c>, <c>1.0</c> and
    /// <c>True</c> are.
    /// </exception>
    public static PythonValue Dict(params ReadOnlySpan<(PythonValue Key, PythonValue Value)> items)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, _) in items)
        {
            if (!keys.Add(PythonHash.Identity(key._value)))
                throw new UuidForgeException("dict: a key is given twice; Python keeps only the last of them");
        }

        return new(items.ToArray());
    }

    internal static UuidForgeException TooDeep() => new($"values are nested more than {MaxDepth} deep");

    internal void Repr(StringBuilder output, PythonVersion version, int depth = 0)
    {
        if (depth > MaxDepth)
            throw TooDeep();
        switch (_value)
        {
            case null: output.Append("None"); break;
            case string text: PythonText.Repr(output, text, version); break;
            case bool flag: output.Append(flag ? "True" : "False"); break;
            case BigInteger number: PythonNumber.Repr(output, number); break;
            case double number: PythonNumber.Repr(output, number); break;
            case PythonDecimal number: output.Append("Decimal('").Append(number.ToString()).Append("')"); break;
            case Guid id: output.Append("UUID('").Append(id.ToString("D")).Append("')"); break;
            case DateOnly date: output.Append(CultureInfo.InvariantCulture, $"datetime.date({date.Year}, {date.Month}, {date.Day})"); break;
            case PythonDateTime time: time.Repr(output, version); break;
            case Sequence sequence: sequence.Repr(output, version, depth + 1); break;
            case (PythonValue Key, PythonValue Value)[] pairs: ReprPairs(output, pairs, version, depth + 1); break;
        }
    }

    private static void ReprPairs(StringBuilder output, (PythonValue Key, PythonValue Value)[] pairs, PythonVersion version, int depth)
    {
        output.Append('{');
        for (var index = 0; index < pairs.Length; index++)
        {
            if (index > 0)
                output.Append(", ");
            pairs[index].Key.Repr(output, version, depth);
            output.Append(": ");
            pairs[index].Value.Repr(output, version, depth);
        }

        output.Append('}');
    }

    internal sealed record Sequence(char Open, char Close, PythonValue[] Items)
    {
        public void Repr(StringBuilder output, PythonVersion version, int depth)
        {
            output.Append(Open);
            for (var index = 0; index < Items.Length; index++)
            {
                if (index > 0)
                    output.Append(", ");
                Items[index].Repr(output, version, depth);
            }

            if (Open == '(' && Items.Length == 1)
                output.Append(','); // a tuple of one
            output.Append(Close);
        }
    }
}
