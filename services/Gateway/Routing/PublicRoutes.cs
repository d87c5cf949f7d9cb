using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace ForgeShop.Gateway;

/// <summary>
/// The public API: each call and the service that answers it. Other paths, such as a service's <c>/internal</c>, are not reachable through
/// the gateway. Each call has its own name in traces, limits and correlations.
/// </summary>
public static class PublicRoutes
{
    /// <summary>Adds a route without authentication.</summary>
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

    /// <summary>Adds a route that requires an access token. The service checks permissions and ownership.</summary>
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
        ("recommendations", "GET", "/api/v1/products/{sku}/recommendations", null),
        ("orders", "POST", "/api/v1/orders", null),
        ("orders", "GET", "/api/v1/orders", null),
        ("orders", "GET", "/api/v1/orders/{id}", null),
        ("orders", "POST", "/api/v1/orders/{id}/cancel", null),
        ("orders", "GET", "/api/v1/orders/{id}/events", null),
        ("notifications", "GET", "/api/v1/notifications", null),
        ("reporting", "GET", "/api/v1/reports/customers", null),
        ("reporting", "GET", "/api/v1/reports/top-customers", null),
        ("reporting", "GET", "/api/v2/reports/top-customers", null),
        ("reporting", "GET", "/api/v1/reports/orders/{id}/timeline", null),
        ("reporting", "GET", "/api/v1/reports/sales", null),
        ("reporting", "GET", "/api/v1/reports/products", null),
        ("reporting", "GET", "/api/v1/reports/rebuild", null),
        ("reporting", "POST", "/api/v1/reports/rebuild", null),
        ("reporting", "POST", "/api/v1/audit/run", null),
        ("reporting", "GET", "/api/v1/audit/last", null),
        ("reporting", "GET", "/api/v1/audit/{entityType}", null),
        ("reporting", "GET", "/api/v1/correlations/{id}", null),
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
            // Latin-1, as in Kestrel: one character a byte.
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
        // The cluster's time-out applies to inactivity, so a stream may last longer.
        TimeoutPolicy = "Disable",
    };
}
