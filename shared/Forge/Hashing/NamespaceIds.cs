namespace ForgeShop.Forge;

/// <summary>The namespaces that RFC 9562 section 6.6 registers.</summary>
public static class NamespaceIds
{
    /// <summary>Fully qualified domain names: <c>6ba7b810-9dad-11d1-80b4-00c04fd430c8</c>.</summary>
    public static Guid Dns => new(0x6ba7b810, 0x9dad, 0x11d1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8);

    /// <summary>URLs: <c>6ba7b811-9dad-11d1-80b4-00c04fd430c8</c>.</summary>
    public static Guid Url => new(0x6ba7b811, 0x9dad, 0x11d1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8);

    /// <summary>ISO object identifiers: <c>6ba7b812-9dad-11d1-80b4-00c04fd430c8</c>.</summary>
    public static Guid Oid => new(0x6ba7b812, 0x9dad, 0x11d1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8);

    /// <summary>X.500 distinguished names: <c>6ba7b814-9dad-11d1-80b4-00c04fd430c8</c>.</summary>
    public static Guid X500 => new(0x6ba7b814, 0x9dad, 0x11d1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8);
}
