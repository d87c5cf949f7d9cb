using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using ForgeShop.StandIns.NativeServers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// The real Aspire dashboard, out of the Aspire CLI's npm package. Nobody waits for it: where it has to be installed first, the
/// services start meanwhile and send it their telemetry when it is there.
/// </summary>
internal sealed class DashboardLauncher : ILauncher
{
    public const string OtlpEndpointKey = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";
    private const string OtlpHttpEndpointKey = "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL";
    private const string FrontendKey = "ASPNETCORE_URLS";
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    private readonly DashboardInstallation installation;

    private DashboardLauncher(DashboardInstallation installation, ExecutableResource resource)
    {
        this.installation = installation;
        Resource = resource;
    }

    public ExecutableResource Resource { get; }

    public Uri OtlpEndpoint => Url("otlp-grpc");

    /// <summary>Null, and one line that says why, where there cannot be a dashboard.</summary>
    public static DashboardLauncher? Create(IConfiguration configuration, PortAllocation ports, string artifacts, ILogger logger)
    {
        var installation = new DashboardInstallation(artifacts, logger);
        if (installation.FindMissing() is { } missing)
        {
            logger.LogWarning("no dashboard: {Missing}. The shop runs without it.", missing);
            return null;
        }

        var resource = new ExecutableResource("aspire-dashboard", installation.Program, artifacts);
        AddEndpoint("http", FrontendKey);
        AddEndpoint("otlp-grpc", OtlpEndpointKey);
        AddEndpoint("otlp-http", OtlpHttpEndpointKey);
        resource.Annotations.Add(new HttpHealthAnnotation("http", "/", 200));
        return new DashboardLauncher(installation, resource);

        void AddEndpoint(string name, string key)
        {
            int? wanted = Uri.TryCreate(configuration[key]?.Split(';')[0], UriKind.Absolute, out var url) ? url.Port : null;
            var endpoint = new EndpointAnnotation(ProtocolType.Tcp, uriScheme: "http", name: name, port: wanted);
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", ports.Choose(resource.Name, wanted));
            resource.Annotations.Add(endpoint);
        }
    }

    public string? FindMissing() => null;

    public async Task<Launched> StartAsync(Action<NativeProcessLine> onLine, CancellationToken cancellationToken)
    {
        await installation.EnsureAsync(cancellationToken);
        var process = await NativeProcess.StartAsync(new NativeProcessOptions
        {
            FileName = installation.Program,
            Arguments =
            [
                "dashboard", "run",
                "--frontend-url", Url("http").OriginalString,
                "--otlp-grpc-url", OtlpEndpoint.OriginalString,
                "--otlp-http-url", Url("otlp-http").OriginalString,
                "--allow-anonymous", "--non-interactive", "--nologo",
            ],
            Environment = new Dictionary<string, string?>
            {
                // It unpacks itself and logs under the home folder; this keeps all of it in artifacts/.
                ["HOME"] = installation.Home,
                ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true",
                ["features__updateNotificationsEnabled"] = "false",
                ["NO_COLOR"] = "1",
                [FrontendKey] = null,
                [OtlpEndpointKey] = null,
                [OtlpHttpEndpointKey] = null,
            },
        });
        return new(process, hurry => process.StopAsync(StopGrace, hurry));
    }

    private Uri Url(string endpoint) => new(Resource.GetEndpoint(endpoint).Url);
}
