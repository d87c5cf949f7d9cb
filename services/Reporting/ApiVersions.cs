using System.Globalization;
using Asp.Versioning;
using Asp.Versioning.Builder;
using Microsoft.OpenApi;

namespace ForgeShop.Reporting;

/// <summary>The calls that have more than one version. A call without an entry here has one, v1.</summary>
internal static class ApiVersions
{
    public static readonly ApiVersion First = new(1, 0);
    public static readonly ApiVersion Second = new(2, 0);

    private const string TopCustomers = "top-customers";

    // docs/changes.md says the same to people.
    private static readonly DateTimeOffset Deprecated = new(2026, 11, 29, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Sunset = new(2027, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static void AddApiVersions(this IServiceCollection services) => services.AddApiVersioning(options =>
    {
        options.ApiVersionReader = new PathVersionReader();
        options.Policies.Deprecate(TopCustomers, First).SetEffectiveDate(Deprecated);
        options.Policies.Sunset(TopCustomers, First).SetEffectiveDate(Sunset);
    });

    /// <summary>Returns the versions of the list of top customers. Answers name them, and those of v1 its end.</summary>
    public static ApiVersionSet OfTopCustomers(IEndpointRouteBuilder routes) =>
        routes.NewApiVersionSet(TopCustomers).HasDeprecatedApiVersion(First).HasApiVersion(Second).ReportApiVersions().Build();

    /// <summary>Documents the headers of RFC 9745 and RFC 8594.</summary>
    public static RouteHandlerBuilder DescribeAsDeprecated(this RouteHandlerBuilder endpoint) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Deprecated = true;
            var answer = operation.Responses?["200"] as OpenApiResponse;
            answer!.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Deprecation"] = Header("The call is deprecated since then (RFC 9745).", $"@{Deprecated.ToUnixTimeSeconds()}"),
                ["Sunset"] = Header("The call ends then (RFC 8594).", Sunset.ToString("R", CultureInfo.InvariantCulture)),
            };
            return Task.CompletedTask;
        });

    private static OpenApiHeader Header(string description, string example) =>
        new() { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String }, Example = example };

    /// <summary>Reads the version from the path, /api/v2/…: routes name it literally, so that the API document shows whole paths.</summary>
    private sealed class PathVersionReader : IApiVersionReader
    {
        public IReadOnlyList<string> Read(HttpRequest request) =>
            request.Path.Value?.Split('/') is ["", "api", ['v', .. var version], ..] ? [version] : [];

        public void AddParameters(IApiVersionParameterDescriptionContext context) =>
            context.AddParameter("version", ApiVersionParameterLocation.Path);
    }
}
