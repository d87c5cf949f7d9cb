using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace ForgeShop.Gateway;

/// <summary>Configuration section <c>Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>
    /// The proxies in front of the gateway, whose word on the client's address and scheme is taken: address ranges in CIDR notation, as a list or separated by
    /// commas. None: whoever connects is the client, and what it says of itself in X-Forwarded-For is nobody's word.
    /// </summary>
    public IReadOnlyList<string> TrustedProxies { get; set; } = [];
}

internal static class TrustedProxies
{
    private const StringSplitOptions Tidy = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    public static void AddTrustedProxies(this IServiceCollection services)
    {
        services.AddOptions<GatewayOptions>().Configure<IConfiguration>((gateway, configuration) => gateway.TrustedProxies = Read(configuration.GetSection("Gateway:TrustedProxies")))
            .Validate(
                gateway => gateway.TrustedProxies.All(range => IPNetwork.TryParse(range, out _)),
                "Gateway:TrustedProxies are address ranges in CIDR notation: 10.0.0.0/8, or 192.0.2.7/32 for a single address.")
            .ValidateOnStart();
        // After everybody else's: ASPNETCORE_FORWARDEDHEADERS_ENABLED would believe whoever connects.
        services.AddOptions<ForwardedHeadersOptions>().PostConfigure<IOptions<GatewayOptions>>((forwarded, gateway) =>
        {
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var range in gateway.Value.TrustedProxies)
                forwarded.KnownIPNetworks.Add(IPNetwork.Parse(range));
            // Where it knows no proxy at all, the framework believes every one.
            forwarded.ForwardedHeaders = forwarded.KnownIPNetworks.Count > 0 ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto : ForwardedHeaders.None;
            // Back through all that are known: the first that is not is the client.
            forwarded.ForwardLimit = null;
        });
    }

    private static List<string> Read(IConfigurationSection section) =>
        [.. (section.Value ?? "").Split(',', Tidy), .. section.GetChildren().Select(range => range.Value ?? "")];
}
