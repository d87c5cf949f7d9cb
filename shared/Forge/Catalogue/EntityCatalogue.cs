using System.Diagnostics.CodeAnalysis;

namespace ForgeShop.Forge;

/// <summary>
/// The entity types of a domain with the shapes of their keys. Usually one JSON file
/// (<see cref="Parse"/>) that every program of the domain embeds. Immutable and thread-safe.
/// </summary>
public sealed partial class EntityCatalogue
{
    private readonly Dictionary<string, EntityType> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EntityType> _byPrefix = new(StringComparer.Ordinal);

    /// <summary>Creates a catalogue.</summary>
    /// <param name="domain">The domain of the entity types.</param>
    /// <param name="types">The entity types; their order is kept.</param>
    /// <exception cref="ForgeConfigurationException">A name or a prefix is declared twice.</exception>
    public EntityCatalogue(string domain, IEnumerable<EntityType> types)
    {
        ArgumentNullException.ThrowIfNull(domain);
        ArgumentNullException.ThrowIfNull(types);
        Domain = domain;
        foreach (var type in types)
        {
            if (!_byName.TryAdd(type.Name, type)) throw new ForgeConfigurationException(
                $"The entity type '{type.Name}' is declared twice.");
            if (type.Prefix is not null && !_byPrefix.TryAdd(type.Prefix, type)) throw new ForgeConfigurationException(
                $"The prefix '{type.Prefix}' is declared twice.");
        }
    }

    /// <summary>Gets the domain.</summary>
    public string Domain { get; }

    /// <summary>Gets the entity types in the order of their declaration.</summary>
    public IReadOnlyCollection<EntityType> Types => _byName.Values;

    /// <summary>Gets the entity type with this name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ForgeConfigurationException">The entity type is unknown.</exception>
    public EntityType this[string name] => TryGet(name, out var type)
        ? type
        : throw new ForgeConfigurationException("The catalogue has no such entity type; it has " + string.Join(", ", _byName.Keys) + ".");

    /// <summary>Finds an entity type by its name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="type">The entity type.</param>
    /// <returns>True if the entity type is known.</returns>
    public bool TryGet(string? name, [NotNullWhen(true)] out EntityType? type)
    {
        type = null;
        return name is not null && _byName.TryGetValue(name, out type);
    }

    /// <summary>Parses a prefixed ID of any entity type that declares a prefix.</summary>
    /// <param name="text">The text, for example <c>usr_6e16f6c3-de6b-55c3-80ba-75907720bb8a</c>.</param>
    /// <param name="type">The entity type.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the text has exactly this form.</returns>
    public bool TryParsePrefixed(ReadOnlySpan<char> text, [NotNullWhen(true)] out EntityType? type, out Guid id)
    {
        id = default;
        type = null;
        var underscore = text.IndexOf('_');
        return underscore > 0
            && _byPrefix.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..underscore], out type)
            && PrefixedId.TryParse(type.Prefix!, text, out id);
    }
}
