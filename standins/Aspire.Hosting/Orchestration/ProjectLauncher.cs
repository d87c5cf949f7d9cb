using System.Reflection;
using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;
using ForgeShop.StandIns.NativeServers;

namespace Aspire.Hosting.Orchestration;

/// <summary>Starts a service as it was built, in its project's folder, with the environment that the AppHost gives it.</summary>
internal sealed class ProjectLauncher(ProjectResource resource, Assembly appHost, DataRoot data, Uri? otlpEndpoint) : ILauncher
{
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(5);

    private readonly string project = resource.Annotations.OfType<IProjectMetadata>().Single().ProjectPath;
    private readonly string instance = Guid.NewGuid().ToString("n")[..8];

    public string? FindMissing() => File.Exists(Library) ? null : $"{resource.Name} is not built ({Library}): run 'dotnet build' on the AppHost";

    private string Library => AppHostMetadata.Program(appHost, project);

    public async Task<Launched> StartAsync(Action<NativeProcessLine> onLine, CancellationToken cancellationToken)
    {
        // The native program beside the library shows its own name in ps; it must find the runtime that runs us.
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var program = Path.ChangeExtension(Library, null);
        var hasProgram = File.Exists(program);
        var environment = await EnvironmentAsync(cancellationToken);
        environment["DOTNET_ROOT"] = root;

        var process = await NativeProcess.StartAsync(new NativeProcessOptions
        {
            FileName = hasProgram ? program : Path.Combine(root, "dotnet"),
            Arguments = hasProgram ? [] : ["exec", Library],
            WorkingDirectory = Path.GetDirectoryName(project),
            Environment = environment,
            OnLine = onLine,
        });
        data.Note(process, resource.Name);
        return new(process, async hurry =>
        {
            await process.StopAsync(DefaultGrace, hurry);
            data.Forget(process);
        });
    }

    private async Task<Dictionary<string, string?>> EnvironmentAsync(CancellationToken cancellationToken)
    {
        // What the AppHost's own launch profile set is the AppHost's alone.
        var environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("ASPIRE_", StringComparison.Ordinal) || name is "DOTNET_LAUNCH_PROFILE" or "ASPNETCORE_URLS")
            .ToDictionary(name => name, string? (_) => null);
        AddTelemetry(environment);
        foreach (var annotation in resource.Annotations.OfType<EnvironmentAnnotation>())
            await annotation.Apply(environment, cancellationToken);
        return environment;
    }

    /// <summary>The same variables, with the same values, as the original gives a project in development.</summary>
    private void AddTelemetry(Dictionary<string, string?> environment)
    {
        if (otlpEndpoint is null)
            return;

        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlpEndpoint.ToString().TrimEnd('/');
        environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
        environment["OTEL_SERVICE_NAME"] = resource.Name;
        environment["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance}";
        environment["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory";
        environment["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
        environment["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
        environment["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
        environment["OTEL_TRACES_SAMPLER"] = "always_on";
        environment["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
    }
}
