namespace ForgeShop.Forge;

/// <summary>What Forge refuses. Messages name the rule that was broken and never repeat a key or a secret.</summary>
public abstract class ForgeException : Exception
{
    private protected ForgeException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}

/// <summary>A key was refused: see <see cref="Error"/> for the entity type, field, kind, reason and code point.</summary>
public sealed class ForgeKeyException : ForgeException
{
    /// <summary>Makes the exception for an error.</summary>
    /// <param name="error">What is wrong.</param>
    /// <param name="index">Which key of a batch, from 0; null outside batches.</param>
    public ForgeKeyException(KeyError error, int? index = null)
        : base(index is null ? error.ToString() : $"{error} (key {index} of the batch, counted from 0)")
    {
        Error = error;
        Index = index;
    }

    /// <summary>What is wrong.</summary>
    public KeyError Error { get; }

    /// <summary>Which key of a batch, from 0; null outside batches.</summary>
    public int? Index { get; }
}

/// <summary>A domain, entity type, catalogue, algorithm or secret that cannot be used. Nothing is derived: Forge fails closed.</summary>
public sealed class ForgeConfigurationException : ForgeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, without any secret.</param>
    /// <param name="inner">What caused it.</param>
    public ForgeConfigurationException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
