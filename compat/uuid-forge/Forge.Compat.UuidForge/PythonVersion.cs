namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>
/// The interpreter whose IDs are derived. Python's <c>repr</c> escapes code points that its Unicode version does not have, so the
/// same call gives different IDs on different interpreters for some 5,000 code points.
/// </summary>
public enum PythonVersion
{
    /// <summary>Only text on which all supported interpreters agree; anything else is refused.</summary>
    Any,

    /// <summary>CPython 3.11, Unicode 14.0.</summary>
    Python311,

    /// <summary>CPython 3.12, Unicode 15.0.</summary>
    Python312,

    /// <summary>CPython 3.13, Unicode 15.1.</summary>
    Python313,
}
