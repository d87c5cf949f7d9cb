using System.Net.NetworkInformation;

namespace ForgeShop.AppHost.Hosting;

/// <summary>Chooses ports: the preferred one, or a free one if it is taken.</summary>
internal static class Ports
{
    /// <summary>Returns whether no program of this machine listens on the port.</summary>
    public static bool IsFree(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().All(listener => listener.Port != port);

    /// <summary>Gives the dashboard the same address at each start, unless the port is taken. Aspire chooses all others.</summary>
    public static void PreferDashboardPort(this IDistributedApplicationBuilder builder, int port)
    {
        if (builder.Configuration["ASPNETCORE_URLS"] is null)
            builder.Configuration["ASPNETCORE_URLS"] = $"http://localhost:{(IsFree(port) ? port : 0)}";
    }
}
