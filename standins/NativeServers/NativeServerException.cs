namespace ForgeShop.StandIns.NativeServers;

/// <summary>A server cannot be started or does not serve; the message is one clear line.</summary>
public sealed class NativeServerException : Exception
{
    public NativeServerException()
    {
    }

    public NativeServerException(string message)
        : base(message)
    {
    }

    public NativeServerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
