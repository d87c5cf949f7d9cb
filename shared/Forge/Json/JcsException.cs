namespace ForgeShop.Forge;

/// <summary>
/// A JSON text that has no canonical form. The message has the position and the reason, and repeats nothing of the
/// text.
/// </summary>
public sealed class JcsException : ForgeException
{
    internal JcsException(string code, string message, Exception? inner = null) : base(message, inner) => Code = code;

    /// <summary>
    /// <c>invalid-json</c> (not RFC 8259, or not UTF-8), <c>duplicate-key</c>, <c>lone-surrogate</c>, <c>number-out-of-range</c> or
    /// <c>too-deep</c>.
    /// </summary>
    public string Code { get; }
}
