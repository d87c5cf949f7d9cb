using System.Text.Json.Serialization.Metadata;
using ForgeShop.Forge;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ForgeShop.Api;

/// <summary>The OpenAPI document of a service. The documents of all services become one, which the gateway serves.</summary>
public static class ApiDocument
{
    private const string Version = "v1";
    private const string AmountPattern = @"^[0-9]{1,15}(\.[0-9]{1,4})?$";
    private const string SumPattern = @"^-?[0-9]+(\.[0-9]{1,4})?$";

    /// <summary>Documents a type of a service's own that is written as money is, and can be larger or negative.</summary>
    public static void DescribeAsMoney<T>(this IServiceCollection services) =>
        services.Configure<OpenApiOptions>(Version, options => options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(T))
                DescribeMoney(schema, SumPattern);
            else if (context.JsonTypeInfo.ElementType == typeof(T) && schema.Items is null)
                DescribeMoney((OpenApiSchema)(schema.Items = new OpenApiSchema()), SumPattern);
            return Task.CompletedTask;
        }));

    internal static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi(Version, options =>
    {
        options.CreateSchemaReferenceId = SchemaName;
        options.AddSchemaTransformer(DescribeAsync);
        options.AddOperationTransformer<OperationDescriptions>();
        options.AddDocumentTransformer(TellRequestsFromAnswersAsync);
    });

    /// <summary>A type that is nested in its endpoint is named with it, so that the pages of two lists have two names.</summary>
    private static string? SchemaName(JsonTypeInfo type)
    {
        var usual = OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        var named = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (usual is null || IsTypedId(named))
            return null;
        return named is { IsNested: true, IsGenericType: false } ? named.DeclaringType!.Name + named.Name : usual;
    }

    private static Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        var named = Nullable.GetUnderlyingType(type) ?? type;
        if (IsTypedId(named))
            (schema.Type, schema.Format) = (named == type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null, "uuid");
        else if (named == typeof(Money))
            DescribeMoney(schema, AmountPattern);
        foreach (var member in context.JsonTypeInfo.Properties.Where(IsLeftOutIfNull))
            schema.Required?.Remove(member.Name);
        return Task.CompletedTask;
    }

    /// <summary>
    /// A member of a request is nullable to be checked by hand: it is required, or it has a default value. A request has no other members
    /// than its own, and an answer can get new ones.
    /// </summary>
    private static Task TellRequestsFromAnswersAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var (name, component) in document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>())
        {
            if (component is not OpenApiSchema { Properties: { } members } schema || name is nameof(Money))
                continue;
            var isRequest = name.Contains("Request", StringComparison.Ordinal);
            schema.AdditionalPropertiesAllowed = !isRequest && !name.EndsWith("Details", StringComparison.Ordinal);
            if (!isRequest)
                continue;
            foreach (var (member, value) in members.ToList())
                members[member] = WithoutNull(value);
        }

        return Task.CompletedTask;
    }

    private static IOpenApiSchema WithoutNull(IOpenApiSchema value)
    {
        if (value is OpenApiSchema { Type: { } type } plain)
            plain.Type = type & ~JsonSchemaType.Null;
        if (value.Items is OpenApiSchema { OneOf.Count: > 0 } items)
            ((OpenApiSchema)value).Items = WithoutNull(items);
        return value.OneOf?.FirstOrDefault(alternative => alternative.Type is not JsonSchemaType.Null) ?? value;
    }

    internal static bool IsTypedId(Type type) =>
        type.GetInterfaces().Any(implemented => implemented.IsGenericType && implemented.GetGenericTypeDefinition() == typeof(ITypedId<>));

    private static bool IsLeftOutIfNull(JsonPropertyInfo member) =>
        member.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false)
            is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];

    private static void DescribeMoney(OpenApiSchema schema, string amount)
    {
        schema.Type = JsonSchemaType.Object;
        schema.Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["amount"] = Text(amount, "A decimal number as a string.", "12.50"),
            ["currency"] = Text("^[A-Z]{3}$", "A code of ISO 4217.", "EUR"),
        };
        schema.Required = new HashSet<string> { "amount", "currency" };
        schema.AdditionalPropertiesAllowed = false;
    }

    private static OpenApiSchema Text(string pattern, string description, string example) =>
        new() { Type = JsonSchemaType.String, Pattern = pattern, Description = description, Examples = [example] };
}
