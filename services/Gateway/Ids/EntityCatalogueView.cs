using ForgeShop.Contracts;
using ForgeShop.Forge;

namespace ForgeShop.Gateway;

/// <summary>The entity catalogue as the API shows it: for each type the query parameters of its key, with their kinds.</summary>
public sealed record EntityCatalogueView(string Domain, string Algorithm, IReadOnlyList<EntityTypeView> Items)
{
    public static EntityCatalogueView Of(ForgeIds ids) => new(
        ids.Catalogue.Domain,
        ids.Domain.Algorithm.ToName(),
        [.. ids.Catalogue.Types.Select(type => EntityTypeView.Of(type, ids.Namespace(type.Name)))]);
}

public sealed record EntityTypeView(
    string EntityType, string Form, string Namespace, string? Prefix, IReadOnlyDictionary<string, string> Key)
{
    public static EntityTypeView Of(EntityType type, EntityNamespace space) => new(
        type.Name,
        type.Shape.Form is KeyForm.Value ? "plain" : "record",
        Uuid.ToText(space.Id),
        type.Prefix,
        type.Shape.Kind is { } kind
            ? new Dictionary<string, string> { [DeriveId.NaturalName(type)] = kind.ToName() }
            : type.Shape.Fields.ToDictionary(field =>
                field.Key, field => field.Value.Kind?.ToName() ?? field.Value.Form.ToString().ToLowerInvariant()));
}
