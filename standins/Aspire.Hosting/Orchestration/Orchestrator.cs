using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>Runs every resource of the model as a native process, and stops all of them, dependents first.</summary>
internal sealed class Orchestrator(
    DistributedApplicationModel model,
    DistributedApplicationOptions options,
    ResourceNotificationService notifications,
    SecretStore secrets,
    IConfiguration configuration,
    IHostEnvironment environment,
    ILoggerFactory loggers,
    TimeProvider time) : IHostedService, IAsyncDisposable
{
    /// <summary>After this time nothing runs any more, however slowly the resources stop.</summary>
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(13);

    /// <summary>What each layer of dependents gets of it.</summary>
    private static readonly TimeSpan LayerLimit = TimeSpan.FromSeconds(4);

    private readonly ILogger logger = loggers.CreateLogger<Orchestrator>();
    private readonly List<ResourceSupervisor> supervisors = [];
    private readonly SemaphoreSlim stopping = new(1, 1);
    private DataRoot? data;
    private bool isRunning;
    private bool disposed;

    public ResourceSupervisor? Find(string resource) =>
        supervisors.FirstOrDefault(one => string.Equals(one.Resource.Name, resource, StringComparison.OrdinalIgnoreCase));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // What the original calls so is on in tests only: random ports, data of their own that goes when they end.
        var isTest = configuration.GetValue<bool>("DcpPublisher:RandomizePorts");
        var appHost = options.Assembly ?? throw new DistributedApplicationException("the AppHost's assembly is unknown");
        var artifacts = AppHostMetadata.ArtifactsFolder(appHost, environment.ContentRootPath);

        data = await DataRoot.OpenAsync(
            configuration[DataRoot.ConfigurationKey] ?? Path.Combine(artifacts, "data"), configuration.GetValue<bool>("Fresh"), logger, cancellationToken);
        secrets.Open(data.SecretsFile);
        var ports = new PortAllocation(isTest, logger);
        ports.Allocate(model.Resources);
        var dashboard = options.DisableDashboard ? null : DashboardLauncher.Create(configuration, ports, artifacts, logger);
        var otlp = dashboard?.OtlpEndpoint ?? (options.DisableDashboard ? configuration.GetValue<Uri>(DashboardLauncher.OtlpEndpointKey) : null);

        foreach (var resource in model.Resources)
        {
            ILauncher? launcher = resource switch
            {
                PostgresServerResource postgres => new PostgresLauncher(postgres, data, isTest),
                RedisResource redis => new RedisLauncher(redis, data, isTest),
                KafkaServerResource kafka => new KafkaLauncher(kafka, data),
                ProjectResource project => new ProjectLauncher(project, appHost, data, otlp),
                _ => null,
            };
            if (launcher is not null)
                Add(resource, launcher);
        }

        if (supervisors.Select(one => one.Launcher.FindMissing()).OfType<string>().FirstOrDefault() is { } missing)
            throw new DistributedApplicationException(missing);
        if (dashboard is not null)
            Add(dashboard.Resource, dashboard);
        isRunning = true;
        foreach (var supervisor in supervisors)
            await supervisor.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.WaitAsync(CancellationToken.None);
        try
        {
            if (data is null)
                return;

            if (isRunning)
                logger.LogInformation("stopping");
            using var limit = new CancellationTokenSource(StopLimit, time);
            foreach (var layer in DependentsFirst())
            {
                using var layerLimit = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
                layerLimit.CancelAfter(LayerLimit);
                await Task.WhenAll(layer.Select(supervisor => supervisor.StopAsync(layerLimit.Token, CancellationToken.None)));
            }

            data.Dispose();
            data = null;
        }
        finally
        {
            stopping.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return; // the container knows it by two names
        await StopAsync(CancellationToken.None);
        supervisors.ForEach(supervisor => supervisor.Dispose());
        stopping.Dispose();
    }

    private void Add(IResource resource, ILauncher launcher) => supervisors.Add(new ResourceSupervisor(
        resource, launcher, new ResourceBoard(model, notifications, time), loggers.CreateLogger(ResourceConsole.CategoryOf(resource.Name)), logger, time));

    /// <summary>Layer by layer: nobody is stopped before all who wait for it are.</summary>
    private IEnumerable<IReadOnlyList<ResourceSupervisor>> DependentsFirst()
    {
        var depths = new Dictionary<IResource, int>();
        return supervisors.GroupBy(supervisor => Depth(supervisor.Resource)).OrderByDescending(layer => layer.Key).Select(layer => layer.ToList());

        int Depth(IResource resource) => depths.TryGetValue(resource, out var known)
            ? known
            : depths[resource] = (resource is IResourceWithParent child ? Depth(child.Parent) : 0)
                + resource.Annotations.OfType<WaitAnnotation>().Select(wait => 1 + Depth(wait.Resource)).DefaultIfEmpty(0).Max();
    }
}
