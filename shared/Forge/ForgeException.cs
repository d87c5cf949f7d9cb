namespace ForgeShop.Forge;

/// <summary>The base of Forge's exceptions. The message names the violated rule and never repeats a key or a secret.</summary>
public abstract class ForgeException : Exception
{
    private protected ForgeException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}

/// <summary>A key was refused: see <see cref="Error"/> for the entity type, field, kind, reason and code point.</summary>
public sealed class ForgeKeyException : ForgeException
{
    /// <summary>Creates the exception for an error.</summary>
    /// <param name="error">The error.</param>
    /// <param name="index">The index of the key in its batch; null outside batches.</param>
    public ForgeKeyException(KeyError error, int? index = null)
        : base(index is null ? error.ToString() : $"{error} (key {index} of the batch, counted from 0)")
    {
        Error = error;
        Index = index;
    }

    /// <summary>Gets the error.</summary>
    public KeyError Error { get; }

    /// <summary>Gets the index of the key in its batch; null outside batches.</summary>
    public int? Index { get; }
}

/// <summary>A domain, entity type, catalogue, algorithm or secret is invalid. No ID is derived: Forge fails closed.</summary>
public sealed class ForgeConfigurationException : ForgeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The error, without any secret.</param>
    /// <param name="inner">The cause.</param>
    public ForgeConfigurationException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
