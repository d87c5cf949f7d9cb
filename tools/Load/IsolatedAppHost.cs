using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Load;

/// <summary>Runs the AppHost beside any other one, on ports and data of its own. Disposing it removes everything.</summary>
internal sealed class IsolatedAppHost : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private readonly DistributedApplication _app;

    private IsolatedAppHost(DistributedApplication app, IReadOnlyList<string> services, string adminEmail, string adminPassword)
    {
        _app = app;
        Services = services;
        (AdminEmail, AdminPassword) = (adminEmail, adminPassword);
        Gateway = app.GetEndpoint("gateway", "http");
    }

    public Uri Gateway { get; }

    public IReadOnlyList<string> Services { get; }

    public string AdminEmail { get; }

    public string AdminPassword { get; }

    /// <summary>Gets the resources that a fault injector may kill: every service, the cache and the broker.</summary>
    public IReadOnlyList<string> Killable => [.. Services, "redis", "kafka"];

    /// <summary>Starts the AppHost and waits until every service and server is healthy.</summary>
    /// <param name="postgresSettings">Settings of the PostgreSQL server for this run, as <c>name=value</c>.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="DistributedApplicationException">The shop cannot run on this machine, or it is not healthy in time.</exception>
    public static async Task<IsolatedAppHost> StartAsync(IReadOnlyList<string> postgresSettings, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(timeout.Token);
        // Killed services log errors all the time.
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var services = builder.Resources
            .Where(resource => resource is ProjectResource or (ExecutableResource and IResourceWithServiceDiscovery))
            .Where(service => !service.HasAnnotationOfType<ExplicitStartupAnnotation>()).ToList();
        // All simulated customers share one address, and the rate limits would throttle them together.
        var gateway = builder.CreateResourceBuilder(services.OfType<ProjectResource>().Single(service => service.Name == "gateway"));
        foreach (var limit in (string[])["PerAddress", "PerUser", "Registrations"])
            gateway.WithEnvironment("RateLimits__" + limit, "1000000");
        // No dashboard receives the telemetry, so the services do not collect it.
        foreach (var service in services.Cast<IResourceWithEnvironment>())
        {
            builder.CreateResourceBuilder(service)
                .WithEnvironment(context => context.EnvironmentVariables.Remove("OTEL_EXPORTER_OTLP_ENDPOINT"));
        }

        // The server is a container or a process, and both pass their arguments on to PostgreSQL.
        var postgres = builder.CreateResourceBuilder((IResourceWithArgs)builder.Resources.Single(resource => resource.Name == "postgres"));
        foreach (var setting in postgresSettings)
            postgres.WithArgs("-c", setting);

        var app = await builder.BuildAsync(timeout.Token);
        try
        {
            await app.StartAsync(timeout.Token);
            var email = await ParameterAsync(builder, "admin-email", timeout.Token);
            var password = await ParameterAsync(builder, "admin-password", timeout.Token);
            var host = new IsolatedAppHost(app, [.. services.Select(service => service.Name)], email, password);
            await host.WaitUntilHealthyAsync(timeout.Token);
            return host;
        }
        catch (Exception exception)
        {
            await app.DisposeAsync();
            if (exception is not OperationCanceledException || cancellationToken.IsCancellationRequested)
                throw;
            throw new DistributedApplicationException($"the shop was not healthy within {StartTimeout.TotalMinutes:0} minutes", exception);
        }
    }

    /// <summary>Gets whether the shop has its service on Node.js, which a machine without Node.js cannot run.</summary>
    public bool HasRecommendations => Services.Contains("recommendations");

    public async Task<string> ConnectionStringAsync(string resource, CancellationToken cancellationToken) =>
        await _app.GetConnectionStringAsync(resource, cancellationToken)
            ?? throw new InvalidOperationException($"{resource} has no connection string.");

    /// <summary>Returns the process ID of a service.</summary>
    public async Task<int> ProcessIdAsync(string service, CancellationToken cancellationToken)
    {
        var resource = await _app.ResourceNotifications.WaitForResourceAsync(
            service, now => InstanceId(now) is not null, cancellationToken);
        return int.Parse(InstanceId(resource)!, CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until every service and server is healthy.</summary>
    public Task WaitUntilHealthyAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Killable.Select(resource => RecoverAsync(resource, killed: null, cancellationToken)));

    /// <summary>Kills a process or container and waits until its successor is healthy.</summary>
    /// <returns>The time from the kill until then.</returns>
    public async Task<TimeSpan> KillAsync(string resource, CancellationToken cancellationToken)
    {
        var before = await _app.ResourceNotifications.WaitForResourceAsync(resource, now => InstanceId(now) is not null, cancellationToken);
        var instance = InstanceId(before)!;
        var killed = TimeProvider.System.GetTimestamp();
        await KillAsync(before, instance, cancellationToken);
        await RecoverAsync(resource, instance, cancellationToken);
        return TimeProvider.System.GetElapsedTime(killed);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task KillAsync(ResourceEvent resource, string instance, CancellationToken cancellationToken)
    {
        if (!IsContainer(resource))
        {
            try
            {
                using var process = Process.GetProcessById(int.Parse(instance, CultureInfo.InvariantCulture));
                process.Kill();
            }
            catch (ArgumentException)
            {
                // The process ended before it was killed. Its recovery is the same.
            }
            return;
        }

        using var docker = Process.Start(new ProcessStartInfo("docker", ["kill", instance]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("docker cannot be started.");
        await docker.WaitForExitAsync(cancellationToken);
        if (docker.ExitCode != 0)
            throw new InvalidOperationException($"docker could not kill {resource.Resource.Name}.");
    }

    /// <summary>Waits until another instance than the killed one is healthy: the AppHost's supervisor starts it.</summary>
    private Task RecoverAsync(string resource, string? killed, CancellationToken cancellationToken) =>
        _app.ResourceNotifications.WaitForResourceAsync(
            resource, now => now.Snapshot.HealthStatus == HealthStatus.Healthy && InstanceId(now) is { } instance && instance != killed,
            cancellationToken);

    private static string? InstanceId(ResourceEvent resource) =>
        Property(resource, IsContainer(resource) ? "container.id" : "executable.pid");

    private static bool IsContainer(ResourceEvent resource) => Property(resource, "container.id") is not null;

    private static string? Property(ResourceEvent resource, string name) =>
        resource.Snapshot.Properties.FirstOrDefault(property => property.Name == name)?.Value is { } value
            && Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text
            ? text
            : null;

    private static async Task<string> ParameterAsync(
        IDistributedApplicationBuilder builder, string name, CancellationToken cancellationToken) =>
        await builder.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == name).GetValueAsync(cancellationToken)
        ?? throw new InvalidOperationException($"The parameter {name} has no value.");
}
