using Microsoft.AspNetCore.Http.HttpResults;
using Scalar.AspNetCore;

namespace ForgeShop.Gateway;

/// <summary>GET /openapi/v1.json, the document of the whole API (docs/openapi/v1.json), and /scalar. Not in production.</summary>
public static class OpenApiDocument
{
    private const string Path = "/openapi/v1.json";
    private const string Resource = "openapi-v1.json";

    public static void Map(WebApplication app)
    {
        if (app.Environment.IsProduction())
            return;
        app.MapGet(Path, Show).ExcludeFromDescription().AllowAnonymous();
        app.MapScalarApiReference("/scalar", options => options.WithTitle("ForgeShop").WithOpenApiRoutePattern(Path)).AllowAnonymous();
    }

    private static FileStreamHttpResult Show() =>
        TypedResults.Stream(typeof(OpenApiDocument).Assembly.GetManifestResourceStream(Resource)!, "application/json");
}
