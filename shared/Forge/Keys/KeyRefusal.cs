namespace ForgeShop.Forge;

/// <summary>Why a key was refused.</summary>
public enum KeyRefusal
{
    /// <summary>Not refused.</summary>
    None,

    /// <summary>There is no value: a null.</summary>
    Missing,

    /// <summary>The value is empty, or empty once it is stripped.</summary>
    Empty,

    /// <summary>The value has more bytes of UTF-8 than its kind allows.</summary>
    TooLong,

    /// <summary>A character that the kind does not allow, or not at that place.</summary>
    Character,

    /// <summary>A space of some sort as the first or last character of a text.</summary>
    Edge,

    /// <summary>A UTF-16 surrogate without its partner: it has no UTF-8 form.</summary>
    LoneSurrogate,

    /// <summary>Bytes that are not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>The value ends before its kind's form is complete, or is not of that form at all.</summary>
    Form,

    /// <summary>More digits or decimals than the kind allows.</summary>
    TooManyDigits,

    /// <summary>A date, time, offset or year that does not exist or lies outside the range of the kind.</summary>
    Range,

    /// <summary>Finer than the kind's precision; nothing is ever rounded.</summary>
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

    /// <summary>The entity type has a field that the key lacks: a missing field would be another record type.</summary>
    MissingField,

    /// <summary>The value is of another kind than the entity type declares.</summary>
    WrongKind,

    /// <summary>A list where a value belongs, a record where a plain key belongs, or the like.</summary>
    WrongShape,
}
