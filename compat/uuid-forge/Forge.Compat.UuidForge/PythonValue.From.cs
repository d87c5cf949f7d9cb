using System.Collections;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>Values whose type is known only at run time.</summary>
public readonly partial struct PythonValue
{
    /// <summary>
    /// The counterpart of a value whose type is known only at run time: those that convert, every integer type, arrays of one dimension and
    /// lists (a <c>list</c>), tuples (a <c>tuple</c>) and dictionaries of at most one entry (a <c>dict</c>).
    /// </summary>
    /// <exception cref="UuidForgeException">Its type has no exact counterpart (the message names the alternative), or it is nested more
    /// than 100 levels deep.</exception>
    public static PythonValue From(object? value) => From(value, 0);

    private static PythonValue From(object? value, int depth) => value switch
    {
        null => None,
        PythonValue known => known,
        string text => text,
        bool flag => flag,
        sbyte number => (int)number,
        byte number => (int)number,
        short number => (int)number,
        ushort number => (int)number,
        int number => number,
        uint number => number,
        long number => number,
        ulong number => number,
        nint number => (long)number,
        nuint number => (ulong)number,
        Int128 number => (BigInteger)number,
        UInt128 number => (BigInteger)number,
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
        _ when depth >= MaxDepth => throw TooDeep(),
        IDictionary { Count: <= 1 } entries =>
            Dict([.. entries.Keys.Cast<object?>().Select(key => (From(key, depth + 1), From(entries[key!], depth + 1)))]),
        IDictionary => throw Refused(value, "its order is not defined; use PythonValue.Dict with pairs"),
        ITuple tuple when value.GetType().Namespace is "System" =>
            Tuple([.. Enumerable.Range(0, tuple.Length).Select(index => From(tuple[index], depth + 1))]),
        Array { Rank: > 1 } => throw Refused(value, "use PythonValue.List of lists"),
        IList items => List([.. items.Cast<object?>().Select(item => From(item, depth + 1))]),
        IEnumerable => throw Refused(value, "use PythonValue.List or PythonValue.Tuple"),
        _ => throw Refused(value, "Python would write its class name or its address; pass its fields"),
    };

    private static UuidForgeException Refused(object value, string advice) =>
        new($"a value of type {value.GetType().Name} has no faithful Python counterpart: {advice}");
}
