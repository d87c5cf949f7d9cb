using ForgeShop.ServiceDefaults;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace ForgeShop.Gateway;

/// <summary>
/// The public API, call by call, and the service that answers it. What is not listed is not reachable from outside, a
/// service's <c>/internal</c> least of all; and each call shows up under its own name in traces, limits and correlations.
/// </summary>
public static class PublicRoutes
{
    /// <summary>Whoever wants to.</summary>
    private static readonly (string Service, string Method, string Path, string? Limit)[] OpenCalls =
    [
        ("users", "POST", "/api/v1/users", RateLimits.Registrations),
        ("users", "POST", "/connect/token", RateLimits.Registrations),
        ("users", "GET", "/connect/authorize", null),
        ("users", "POST", "/connect/authorize", RateLimits.Registrations),
        ("users", "POST", "/connect/revoke", null),
        ("users", "GET", "/.well-known/openid-configuration", null),
        ("users", "GET", "/.well-known/jwks.json", null),
        ("inventory", "GET", "/api/v1/products", null),
        ("inventory", "GET", "/api/v1/products/{sku}", null),
    ];

    /// <summary>With an access token. What it has to allow, and whose things it reaches, the service itself checks.</summary>
    private static readonly (string Service, string Method, string Path, string? Limit)[] Calls =
    [
        ("users", "GET", "/api/v1/users/me", null),
        ("users", "GET", "/api/v1/users/{id}", null),
        ("users", "PATCH", "/api/v1/users/{id}", null),
        ("users", "PUT", "/api/v1/users/{id}/password", RateLimits.Registrations),
        ("users", "POST", "/api/v1/users/{id}/deactivate", null),
        ("inventory", "PUT", "/api/v1/products/{sku}", null),
        ("inventory", "PATCH", "/api/v1/products/{sku}", null),
        ("inventory", "POST", "/api/v1/products/{sku}/stock", null),
        ("orders", "POST", "/api/v1/orders", null),
        ("orders", "GET", "/api/v1/orders", null),
        ("orders", "GET", "/api/v1/orders/{id}", null),
        ("orders", "POST", "/api/v1/orders/{id}/cancel", null),
        ("orders", "GET", "/api/v1/orders/{id}/events", null),
        ("notifications", "GET", "/api/v1/notifications", null),
        ("reporting", "GET", "/api/v1/reports/customers", null),
        ("reporting", "GET", "/api/v1/reports/top-customers", null),
        ("reporting", "GET", "/api/v1/reports/orders/{id}/timeline", null),
        ("reporting", "GET", "/api/v1/reports/sales", null),
        ("reporting", "GET", "/api/v1/reports/products", null),
        ("reporting", "GET", "/api/v1/reports/rebuild", null),
        ("reporting", "POST", "/api/v1/reports/rebuild", null),
    ];

    private const string SignedIn = "signed-in";

    public static IReadOnlyList<RouteConfig> Routes { get; } =
    [
        .. OpenCalls.Select(call => Route(call, "anonymous")),
        .. Calls.Select(call => Route(call, SignedIn)),
    ];

    public static IReadOnlyList<ClusterConfig> Clusters { get; } =
    [
        .. OpenCalls.Concat(Calls).Select(call => call.Service).Distinct().Select(service => new ClusterConfig
        {
            ClusterId = service,
            Destinations = new Dictionary<string, DestinationConfig> { [service] = new() { Address = $"https+http://{service}" } },
            HttpRequest = new ForwarderRequestConfig { ActivityTimeout = TimeBudgets.Gateway },
            // As Kestrel reads and writes them: one character a byte.
            HttpClient = new HttpClientConfig { RequestHeaderEncoding = "latin1", ResponseHeaderEncoding = "latin1" },
        }),
    ];

    public static void AddSignedInPolicy(this IServiceCollection services) =>
        services.AddAuthorizationBuilder().AddPolicy(SignedIn, policy => policy.RequireAuthenticatedUser());

    private static RouteConfig Route((string Service, string Method, string Path, string? Limit) call, string policy) => new()
    {
        RouteId = $"{call.Method} {call.Path}",
        ClusterId = call.Service,
        Match = new RouteMatch { Path = call.Path, Methods = [call.Method] },
        AuthorizationPolicy = policy,
        RateLimiterPolicy = call.Limit,
        // The cluster's limit is on silence: a stream may last.
        TimeoutPolicy = "Disable",
    };
}
