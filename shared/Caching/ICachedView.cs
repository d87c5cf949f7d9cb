namespace ForgeShop.Caching;

/// <summary>The cached state of one entity. A later state of the entity has a higher <see cref="Version"/>.</summary>
public interface ICachedView
{
    /// <summary>The entity's ID. An entry under another ID's key is not used.</summary>
    Guid Key { get; }

    /// <summary>Part of the cached JSON (as <c>version</c>), from 1.</summary>
    long Version { get; }

    /// <summary>Gets whether no list element is missing, which the serializer does not check. Otherwise it is not used.</summary>
    bool IsComplete => true;
}
