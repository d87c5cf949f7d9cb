namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>
/// A value that uuid-forge would refuse, or that it would turn into an ID which another Python, another run or another machine
/// would not reproduce. The message has the reason and never the value.
/// </summary>
public sealed class UuidForgeException : Exception
{
    /// <summary>Creates the exception with the reason.</summary>
    public UuidForgeException(string message) : base(message)
    {
    }
}
