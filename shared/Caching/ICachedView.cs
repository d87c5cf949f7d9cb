namespace ForgeShop.Caching;

/// <summary>What a service keeps in the cache about one entity. A later state of the entity has a higher <see cref="Version"/>.</summary>
public interface ICachedView
{
    /// <summary>Part of the cached JSON (as <c>version</c>): the cache compares it so that an older view never replaces a newer one.</summary>
    long Version { get; }
}
