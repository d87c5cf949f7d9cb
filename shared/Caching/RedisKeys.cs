using ForgeShop.Forge;

namespace ForgeShop.Caching;

/// <summary>Keys are bytes to Redis, so an ID has one spelling there: the lower-case text.</summary>
public static class RedisKeys
{
    /// <summary>The key of an entity: <c>user:6e16f6c3-de6b-55c3-80ba-75907720bb8a</c>.</summary>
    /// <param name="prefix">What the entity is.</param>
    /// <param name="id">Its ID.</param>
    public static string Of(string prefix, Guid id) => $"{prefix}:{Uuid.ToText(id)}";

    /// <inheritdoc cref="Of(string, Guid)"/>
    public static string Of<T>(string prefix, T id) where T : struct, ITypedId<T> => Of(prefix, id.Value);
}
