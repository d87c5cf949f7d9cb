using System.Text.Json.Serialization;
using ForgeShop.Contracts;
using ForgeShop.Forge;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ForgeShop.Gateway;

/// <summary>
/// GET /api/v1/ids and /api/v1/ids/{entityType}?...: derives IDs for clients without the Forge library. The gateway derives them itself and
/// calls no service.
/// </summary>
public static class DeriveId
{
    /// <summary>A derived ID, its algorithm and its name. The name is that of a plain key: the text that was hashed.</summary>
    public sealed record Derived(
        string EntityType, string Id, string Algorithm, string Namespace,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", ListEntityTypes)
            .WithName("ListEntityTypes")
            .WithSummary("Returns the entity catalogue: the natural key of each entity type.")
            .AllowAnonymous();
        routes.MapGet("/{entityType}", Handle)
            .WithName("DeriveId")
            .WithSummary(
                "Derives an ID from a natural key: key= or its own name (email=, sku=) for a plain key, one parameter per field for a "
                + "record.")
            .WithErrorCodes((403, "personal-key"), (404, "unknown-entity-type"))
            .Produces<Derived>()
            .AllowAnonymous();
    }

    private static Ok<EntityCatalogueView> ListEntityTypes(ForgeIds ids) => TypedResults.Ok(new EntityCatalogueView(
        ids.Catalogue.Domain, ids.Domain.Algorithm.ToName(),
        [.. ids.Catalogue.Types.Select(type => View(type, ids.Namespace(type.Name)))]));

    private static EntityTypeView View(EntityType type, EntityNamespace space) => new(
        type.Name,
        type.Shape.Form is KeyForm.Value ? "plain" : "record",
        Uuid.ToText(space.Id),
        type.Prefix,
        type.Shape.Kind is { } kind
            ? new Dictionary<string, string> { [NaturalName(type)] = kind.ToName() }
            : type.Shape.Fields.ToDictionary(field =>
                field.Key, field => field.Value.Kind?.ToName() ?? field.Value.Form.ToString().ToLowerInvariant()));

    private static IResult Handle(string entityType, HttpRequest request, ForgeIds ids)
    {
        if (!ids.Catalogue.TryGet(entityType, out var type))
            return Problems.NotFound("unknown-entity-type", "There is no such entity type; GET /api/v1/ids lists those there are.");
        if (ids.IsKeyed && HasEmail(type.Shape))
            return Problems.Forbidden(
                "personal-key",
                "IDs of this entity type depend on a secret, so that an ID does not reveal whether a person is a customer.");

        var fields = new List<KeyValuePair<string, string?>>();
        foreach (var (name, values) in request.Query)
        {
            var field = type.Shape.Form is KeyForm.Value && name == NaturalName(type) ? "key" : name;
            fields.AddRange(values.Select(value => KeyValuePair.Create(field, value)));
        }

        if (!ids.TryDerive(type.Name, fields, out var id, out var error))
            return Problems.Validation(ParameterName(type, error), error.ToString());
        var space = ids.Namespace(type.Name);
        return TypedResults.Ok(new Derived(
            type.Name,
            Uuid.ToText(id),
            ids.Domain.Algorithm.ToName(),
            Uuid.ToText(space.Id),
            type.Shape.Form is KeyForm.Value ? space.GetName(fields[0].Value) : null));
    }

    /// <summary>Returns the parameter name of a plain key: <c>email</c>, <c>sku</c>, or <c>order</c> for a saga.</summary>
    private static string NaturalName(EntityType type) => type.Shape.Kind is KeyKind.Uuid ? "order" : type.Shape.Kind!.Value.ToName();

    private static string ParameterName(EntityType type, KeyError error) =>
        error.Field is { } field and not "key" ? field : type.Shape.Form is KeyForm.Value ? NaturalName(type) : "key";

    private static bool HasEmail(KeyShape shape) =>
        shape.Kind is KeyKind.Email || shape.Fields.Values.Any(HasEmail) || (shape.Element is { } element && HasEmail(element));
}

/// <summary>The entity catalogue as the API shows it: for each type the query parameters of its key, with their kinds.</summary>
public sealed record EntityCatalogueView(string Domain, string Algorithm, IReadOnlyList<EntityTypeView> Items);

public sealed record EntityTypeView(
    string EntityType, string Form, string Namespace, string? Prefix, IReadOnlyDictionary<string, string> Key);
