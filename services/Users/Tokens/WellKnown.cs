using System.Text;
using System.Text.Json.Serialization;
using ForgeShop.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace ForgeShop.Users;

/// <summary>GET /.well-known/openid-configuration and /.well-known/jwks.json: all that is needed to verify an access token, in any language.</summary>
public static class WellKnown
{
    private const string KeysPath = "/.well-known/jwks.json";

    /// <summary>Member names as OpenID Connect Discovery 1.0 has them.</summary>
    public sealed record Configuration(
        [property: JsonPropertyName("issuer")] string Issuer,
        [property: JsonPropertyName("jwks_uri")] string KeysAddress,
        [property: JsonPropertyName("scopes_supported")] IReadOnlyList<string> Scopes)
    {
        [JsonPropertyName("response_types_supported")]
        public IReadOnlyList<string> ResponseTypes { get; } = ["token"];

        [JsonPropertyName("subject_types_supported")]
        public IReadOnlyList<string> SubjectTypes { get; } = ["public"];

        [JsonPropertyName("id_token_signing_alg_values_supported")]
        public IReadOnlyList<string> SigningAlgorithms { get; } = ["ES256"];
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/.well-known/openid-configuration", Configure)
            .WithName("GetOpenIdConfiguration")
            .WithSummary("Who issues the shop's access tokens, and where the keys are that they are verified with.")
            .Produces<Configuration>()
            .AllowAnonymous();
        routes.MapGet(KeysPath, GetKeys)
            .WithName("GetSigningKeys")
            .WithSummary("The public keys that access tokens are verified with, as a JSON Web Key Set.")
            .Produces<KeySet>()
            .AllowAnonymous();
    }

    // Host and scheme are those that the client wrote: the gateway hands them on.
    private static IResult Configure(HttpRequest request, IOptions<AuthenticationSettings> settings) =>
        TypedResults.Ok(new Configuration(settings.Value.Issuer, $"{request.Scheme}://{request.Host}{KeysPath}", Permissions.OfAdministrators));

    private static async Task<IResult> GetKeys(KeyRing keys, HttpResponse response, CancellationToken cancellationToken)
    {
        // Shorter than a new key is published before it signs.
        response.Headers.CacheControl = "public, max-age=300";
        return TypedResults.Text(await keys.ReadAsync(cancellationToken), "application/json", Encoding.UTF8);
    }
}
