namespace ForgeShop.Forge;

/// <summary>The kind of a key value: the texts that it accepts and their canonical form (docs/forge-id.md).</summary>
public enum KeyKind
{
    /// <summary><c>email</c>: ASCII, stripped, A-Z in lower case, at most 254 bytes.</summary>
    Email,

    /// <summary><c>sku</c>: 1 to 64 visible ASCII characters, stripped, a-z in upper case.</summary>
    Sku,

    /// <summary><c>text</c>: 1 to 1024 UTF-8 bytes, byte for byte; invisible characters are refused.</summary>
    Text,

    /// <summary><c>int</c>: a whole number of at most 38 digits, in decimal.</summary>
    Int,

    /// <summary><c>dec</c>: a decimal number of at most 28 digits and 28 decimals, without redundant zeros.</summary>
    Dec,

    /// <summary><c>bool</c>: <c>true</c> or <c>false</c>.</summary>
    Bool,

    /// <summary><c>uuid</c>: the 36-character form in lower case.</summary>
    Uuid,

    /// <summary><c>ts3</c>: an RFC 3339 instant, in UTC with exactly three decimals.</summary>
    Ts3,

    /// <summary><c>ts6</c>: an RFC 3339 instant, in UTC with exactly six decimals.</summary>
    Ts6,
}

/// <summary>The names of the kinds in record names, catalogues and vectors.</summary>
public static class KeyKinds
{
    /// <summary>Returns the name, for example <c>email</c>.</summary>
    /// <param name="kind">The kind.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is not declared.</exception>
    public static string ToName(this KeyKind kind) => kind switch
    {
        KeyKind.Email => "email",
        KeyKind.Sku => "sku",
        KeyKind.Text => "text",
        KeyKind.Int => "int",
        KeyKind.Dec => "dec",
        KeyKind.Bool => "bool",
        KeyKind.Uuid => "uuid",
        KeyKind.Ts3 => "ts3",
        KeyKind.Ts6 => "ts6",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), "There is no such kind."),
    };

    /// <summary>Parses a name: lower case, without spaces.</summary>
    /// <param name="name">The name.</param>
    /// <param name="kind">The kind with this name.</param>
    /// <returns>True if the name is known.</returns>
    public static bool TryParse(string? name, out KeyKind kind)
    {
        (var known, kind) = name switch
        {
            "email" => (true, KeyKind.Email),
            "sku" => (true, KeyKind.Sku),
            "text" => (true, KeyKind.Text),
            "int" => (true, KeyKind.Int),
            "dec" => (true, KeyKind.Dec),
            "bool" => (true, KeyKind.Bool),
            "uuid" => (true, KeyKind.Uuid),
            "ts3" => (true, KeyKind.Ts3),
            "ts6" => (true, KeyKind.Ts6),
            _ => (false, default),
        };
        return known;
    }

    // The name and the colon before the canonical text of a value in a record.
    internal static ReadOnlySpan<byte> LeafPrefix(this KeyKind kind) => kind switch
    {
        KeyKind.Email => "email:"u8,
        KeyKind.Sku => "sku:"u8,
        KeyKind.Text => "text:"u8,
        KeyKind.Int => "int:"u8,
        KeyKind.Dec => "dec:"u8,
        KeyKind.Bool => "bool:"u8,
        KeyKind.Uuid => "uuid:"u8,
        KeyKind.Ts3 => "ts3:"u8,
        _ => "ts6:"u8,
    };
}
