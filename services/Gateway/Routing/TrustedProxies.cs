using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace ForgeShop.Gateway;

/// <summary>Configuration section <c>Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>
    /// The proxies in front of the gateway whose X-Forwarded-For and X-Forwarded-Proto are trusted: address ranges in CIDR notation, as a
    /// list or separated by commas. If empty (default), the connection's address is the client address and X-Forwarded-For is ignored.
    /// </summary>
    public IReadOnlyList<string> TrustedProxies { get; set; } = [];
}

internal static class TrustedProxies
{
    private const StringSplitOptions Tidy = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    public static void AddTrustedProxies(this IServiceCollection services)
    {
        services.AddOptions<GatewayOptions>()
            .Configure<IConfiguration>((gateway, configuration) =>
            gateway.TrustedProxies = Read(configuration.GetSection("Gateway:TrustedProxies")))
            .Validate(
                gateway => gateway.TrustedProxies.All(range => IPNetwork.TryParse(range, out _)),
                "Gateway:TrustedProxies are address ranges in CIDR notation: 10.0.0.0/8, or 192.0.2.7/32 for a single address.")
            .ValidateOnStart();
        // Replaces all earlier settings: ASPNETCORE_FORWARDEDHEADERS_ENABLED would trust every caller.
        services.AddOptions<ForwardedHeadersOptions>().PostConfigure<IOptions<GatewayOptions>>((forwarded, gateway) =>
        {
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var range in gateway.Value.TrustedProxies)
                forwarded.KnownIPNetworks.Add(IPNetwork.Parse(range));
            // An empty list of known proxies would make the framework trust every proxy.
            forwarded.ForwardedHeaders = forwarded.KnownIPNetworks.Count > 0
                ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto
                : ForwardedHeaders.None;
            // All known proxies are skipped; the first unknown address is the client.
            forwarded.ForwardLimit = null;
        });
    }

    private static List<string> Read(IConfigurationSection section) =>
        [.. (section.Value ?? "").Split(',', Tidy), .. section.GetChildren().Select(range => range.Value ?? "")];
}
