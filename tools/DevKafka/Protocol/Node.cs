namespace ForgeShop.DevKafka.Protocol;

/// <summary>The only broker of the cluster, as it is advertised to clients.</summary>
internal sealed record Node(string Host, int Port)
{
    public const int Id = 1;

    public void Write(MessageWriter writer)
    {
        writer.WriteInt32(Id);
        writer.WriteString(Host);
        writer.WriteInt32(Port);
    }
}
