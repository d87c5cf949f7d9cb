namespace ForgeShop.Forge;

/// <summary>The reason why a key was refused.</summary>
public enum KeyRefusal
{
    /// <summary>Not refused.</summary>
    None,

    /// <summary>The value is null.</summary>
    Missing,

    /// <summary>The value is empty, before or after stripping.</summary>
    Empty,

    /// <summary>The value has more bytes of UTF-8 than its kind allows.</summary>
    TooLong,

    /// <summary>A character that the kind does not allow at this position.</summary>
    Character,

    /// <summary>A white-space character at the beginning or end of a text.</summary>
    Edge,

    /// <summary>A UTF-16 surrogate without its partner: it has no UTF-8 form.</summary>
    LoneSurrogate,

    /// <summary>Bytes that are not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>The value does not have the form of its kind, or ends before the form is complete.</summary>
    Form,

    /// <summary>More digits or decimals than the kind allows.</summary>
    TooManyDigits,

    /// <summary>A date, time, offset or year that does not exist or is outside the range of the kind.</summary>
    Range,

    /// <summary>More precise than the kind allows; values are never rounded.</summary>
    TooPrecise,

    /// <summary>A field name that is not <c>^[a-z][a-z0-9_]{0,63}$</c>.</summary>
    FieldName,

    /// <summary>The same field twice in one record.</summary>
    DuplicateField,

    /// <summary>A record without fields.</summary>
    NoFields,

    /// <summary>Lists and records nested deeper than eight levels.</summary>
    TooDeep,

    /// <summary>The entity type has no such field.</summary>
    UnknownField,

    /// <summary>The key lacks a field of the entity type.</summary>
    MissingField,

    /// <summary>The value is of another kind than the entity type declares.</summary>
    WrongKind,

    /// <summary>The value has another form than declared: a list instead of a value, a record instead of a plain key.</summary>
    WrongShape,
}
