using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ForgeShop.Api;

/// <summary>Adds to each operation its permissions, the problem details with their codes, headers and examples.</summary>
internal sealed class OperationDescriptions : IOpenApiOperationTransformer
{
    private const string Bearer = "bearer";

    public async Task TransformAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        // The class of an endpoint names its operation; WithName does where a class has several.
        operation.OperationId ??= metadata.OfType<MethodInfo>().Single().DeclaringType!.Name;
        DescribeAccess(operation, context.Document!, metadata);
        context.Document!.AddComponent(nameof(Problem), await context.GetOrCreateSchemaAsync(typeof(Problem), null, cancellationToken));
        DescribeErrors(operation, context.Document!, metadata);
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            var described = context.Description.ParameterDescriptions.FirstOrDefault(described => described.Name == parameter.Name);
            if (described?.Type is { } type && ApiDocument.IsTypedId(type))
                parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" };
            else if (parameter.Name == "limit")
                parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" };
        }

        foreach (var header in metadata.OfType<RequestHeader>())
            (operation.Parameters ??= []).Add(Parameter(header));
        foreach (var content in operation.RequestBody?.Content?.Values ?? [])
        {
            // A merge patch is bound as JSON, and this is what it is a patch of.
            if (metadata.OfType<IAcceptsMetadata>().LastOrDefault(accepts => accepts.RequestType is not null)?.RequestType is { } body
                && context.Description.ParameterDescriptions.Any(parameter => parameter.Type == typeof(JsonElement)))
                content.Schema = await PatchAsync(body, context, cancellationToken);
            if (metadata.OfType<RequestExample>().LastOrDefault() is { } example)
                content.Example = JsonSerializer.SerializeToNode(example.Body, JsonSerializerOptions.Web);
        }
    }

    private static async Task<IOpenApiSchema> PatchAsync(
        Type body, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var schema = await context.GetOrCreateSchemaAsync(body, null, cancellationToken);
        schema.Required = null;
        context.Document!.AddComponent(body.Name, schema);
        return new OpenApiSchemaReference(body.Name, context.Document);
    }

    private static void DescribeAccess(OpenApiOperation operation, OpenApiDocument document, IList<object> metadata)
    {
        if (metadata.OfType<IAllowAnonymous>().Any())
            return;
        document.AddComponent(Bearer, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http, Scheme = Bearer, BearerFormat = "JWT",
            Description = "An access token (see /.well-known/openid-configuration) whose scope has one of the permissions.",
        });
        // Any one of the permissions is enough, and a list of requirements means exactly that.
        var anyOf = metadata.OfType<AuthorizationPolicy>().SelectMany(policy => policy.Requirements)
            .OfType<PermissionRequirement>().SelectMany(requirement => requirement.AnyOf);
        operation.Security =
        [
            .. anyOf.Select(permission =>
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [permission] }),
        ];
    }

    private static void DescribeErrors(OpenApiOperation operation, OpenApiDocument document, IList<object> metadata)
    {
        var own = metadata.OfType<ErrorCode>().ToLookup(error => error.Status, error => error.Code);
        var statuses = (operation.Responses ??= []).Keys.Where(status => status[0] is '4' or '5').Select(int.Parse)
            .Concat(own.Select(error => error.Key)).Concat(operation.Security is null ? [400] : [400, 401, 403]).Distinct();
        foreach (var status in statuses.Order().ToList())
        {
            var codes = own[status].Concat(General(status)).Distinct().ToList();
            var description = $"Error codes: {string.Join(", ", codes)}.";
            operation.Responses[$"{status}"] = Error(description, document, own[status].Select(code => (status, code)));
        }

        operation.Responses["default"] = Error("Any other error, such as 413, 415, 429 and 503.", document, []);
    }

    /// <summary>The codes of the steps before the endpoint.</summary>
    private static IEnumerable<string> General(int status) => status switch
    {
        400 => [Problems.ValidationFailed, Problems.MalformedJson, "bad-request"],
        401 => ["unauthorized", "invalid-token", "token-expired"],
        404 or 409 or 422 => [],
        _ => [Problems.Usual(status).Code],
    };

    private static OpenApiResponse Error(string description, OpenApiDocument document, IEnumerable<(int Status, string Code)> errors)
    {
        var examples = errors.ToDictionary(error => error.Code, error => (IOpenApiExample)new OpenApiExample
        {
            Value = new JsonObject
            {
                ["type"] = ProblemWriter.TypePrefix + error.Code, ["title"] = ProblemWriter.Title(error.Code), ["status"] = error.Status,
                ["detail"] = Problems.Usual(error.Status).Detail, ["code"] = error.Code,
                ["traceId"] = "4bf92f3577b34da6a3ce929d0e0e4736",
            },
        });
        return new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ProblemWriter.ContentType] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchemaReference(nameof(Problem), document), Examples = examples.Count > 0 ? examples : null,
                },
            },
        };
    }

    private static OpenApiParameter Parameter(RequestHeader header) => new()
    {
        Name = header.Name, In = ParameterLocation.Header, Required = header.IsRequired, Description = header.Description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String }, Example = header.Example,
    };

    /// <summary>An error, as <see cref="ProblemWriter"/> writes it.</summary>
    [Description("An error (RFC 9457). Some codes have members of their own.")]
    private sealed record Problem(
        Uri Type, string Title, int Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string Detail,
        [property: RegularExpression("^[a-z0-9-]+$"), Description("Stable: clients decide by it.")] string Code, string TraceId,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        [property: Description("The messages by field, as the client wrote its name.")] IReadOnlyDictionary<string, string[]> Errors);
}
