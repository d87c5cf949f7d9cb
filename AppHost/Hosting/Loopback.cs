namespace ForgeShop.AppHost.Hosting;

internal static class Loopback
{
    private static readonly string[] Addresses = ["localhost", "127.0.0.1", "::1"];

    /// <summary>Excludes traffic within this machine from a proxy in HTTP_PROXY, for this process and its children.</summary>
    public static void BypassProxies()
    {
        foreach (var name in (string[])["NO_PROXY", "no_proxy"])
        {
            var present = (Environment.GetEnvironmentVariable(name) ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            Environment.SetEnvironmentVariable(name, string.Join(',', present.Union(Addresses)));
        }
    }
}
