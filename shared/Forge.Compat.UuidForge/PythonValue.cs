using System.Numerics;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>
/// An argument as Python would see it. The conversions are the supported types: what has no faithful Python counterpart
/// (enums, sets, records, <see cref="float"/>, <see cref="TimeSpan"/> ...) does not compile, and <see cref="From"/> refuses it.
/// </summary>
/// <remarks>Build lists, tuples and dicts with <see cref="List"/>, <see cref="Tuple"/> and <see cref="Dict"/>; the default value is <c>None</c>.</remarks>
public readonly struct PythonValue
{
    private readonly object? _value;

    private PythonValue(object? value) => _value = value;

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

    /// <summary>A <c>decimal.Decimal</c> with the same digits, trailing zeros included.</summary>
    public static implicit operator PythonValue(decimal value) => new(PythonDecimal.From(value));

    /// <summary>A <c>uuid.UUID</c>.</summary>
    public static implicit operator PythonValue(Guid value) => new(value);

    /// <summary>A <c>datetime.date</c>.</summary>
    public static implicit operator PythonValue(DateOnly value) => new(value);

    /// <summary>A <c>datetime.datetime</c>: naive for <see cref="DateTimeKind.Unspecified"/>, with <c>timezone.utc</c> for <see cref="DateTimeKind.Utc"/>.</summary>
    /// <exception cref="UuidForgeException">The kind is local, or there is a fraction finer than a microsecond.</exception>
    public static implicit operator PythonValue(DateTime value) => new(PythonDateTime.From(value));

    /// <summary>A <c>datetime.datetime</c> with a fixed offset; offset zero is <c>timezone.utc</c>.</summary>
    /// <exception cref="UuidForgeException">There is a fraction finer than a microsecond.</exception>
    public static implicit operator PythonValue(DateTimeOffset value) => new(PythonDateTime.From(value.DateTime, value.Offset));

    /// <summary>A <c>datetime.datetime</c> with an offset in seconds, which <see cref="DateTimeOffset"/> cannot hold.</summary>
    /// <param name="local">The local time, kind <see cref="DateTimeKind.Unspecified"/>.</param>
    /// <param name="offset">Between -24 and 24 hours exclusive, whole microseconds.</param>
    public static PythonValue DateTimeWithOffset(DateTime local, TimeSpan offset) => new(PythonDateTime.From(local, offset));

    /// <summary>A <c>decimal.Decimal</c> from its text, for what <see cref="decimal"/> cannot hold: <c>1E+3</c>, <c>-0</c>, <c>NaN</c>, many digits.</summary>
    /// <exception cref="UuidForgeException">The text is not one that <c>Decimal(text)</c> accepts.</exception>
    public static PythonValue DecimalText(string text) => new(PythonDecimal.Parse(text));

    /// <summary>A <c>list</c>.</summary>
    public static PythonValue List(params ReadOnlySpan<PythonValue> items) => new(new Sequence('[', ']', items.ToArray()));

    /// <summary>A <c>tuple</c>.</summary>
    public static PythonValue Tuple(params ReadOnlySpan<PythonValue> items) => new(new Sequence('(', ')', items.ToArray()));

    /// <summary>A <c>dict</c> in insertion order, which is part of the ID.</summary>
    public static PythonValue Dict(params ReadOnlySpan<(PythonValue Key, PythonValue Value)> items) => new(items.ToArray());

    /// <summary>The counterpart of a value whose type is known only at run time.</summary>
    /// <exception cref="UuidForgeException">Its type has no faithful counterpart; the message says what to use.</exception>
    public static PythonValue From(object? value) => value switch
    {
        null => None,
        PythonValue known => known,
        string text => text,
        bool flag => flag,
        sbyte or byte or short or ushort or int => Convert.ToInt32(value),
        uint number => number,
        long number => number,
        ulong number => number,
        BigInteger number => number,
        double number => number,
        decimal number => number,
        Guid id => id,
        DateOnly date => date,
        DateTime time => time,
        DateTimeOffset time => time,
        float or Half => throw Refused(value, "widen it to double yourself: the digits differ"),
        Enum => throw Refused(value, "pass its name or its number"),
        char => throw Refused(value, "pass a string"),
        TimeSpan or TimeOnly => throw Refused(value, "pass text or a number"),
        byte[] => throw Refused(value, "pass text, for example in hexadecimal"),
        System.Collections.IDictionary => throw Refused(value, "its order is not defined; use PythonValue.Dict with pairs"),
        System.Collections.IEnumerable => throw Refused(value, "use PythonValue.List or PythonValue.Tuple"),
        _ => throw Refused(value, "Python would write its class name or its address; pass its fields"),
    };

    private static UuidForgeException Refused(object value, string advice) => new($"a value of type {value.GetType().Name} has no faithful Python counterpart: {advice}");

    internal void Repr(System.Text.StringBuilder output, PythonVersion version, int depth = 0)
    {
        if (depth > 100)
            throw new UuidForgeException("values are nested more than 100 deep");
        switch (_value)
        {
            case null: output.Append("None"); break;
            case string text: PythonText.Repr(output, text, version); break;
            case bool flag: output.Append(flag ? "True" : "False"); break;
            case BigInteger number: PythonNumber.Repr(output, number); break;
            case double number: PythonNumber.Repr(output, number); break;
            case PythonDecimal number: output.Append("Decimal('").Append(number.ToString()).Append("')"); break;
            case Guid id: output.Append("UUID('").Append(id.ToString("D")).Append("')"); break;
            case DateOnly date: output.Append($"datetime.date({date.Year}, {date.Month}, {date.Day})"); break;
            case PythonDateTime time: time.Repr(output); break;
            case Sequence sequence: sequence.Repr(output, version, depth + 1); break;
            case (PythonValue Key, PythonValue Value)[] pairs: ReprPairs(output, pairs, version, depth + 1); break;
        }
    }

    private static void ReprPairs(System.Text.StringBuilder output, (PythonValue Key, PythonValue Value)[] pairs, PythonVersion version, int depth)
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

    private sealed record Sequence(char Open, char Close, PythonValue[] Items)
    {
        public void Repr(System.Text.StringBuilder output, PythonVersion version, int depth)
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
