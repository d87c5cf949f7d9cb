using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Load;

/// <summary>A shop of our own, as the AppHost describes it, on ports and data of its own; nothing of it is left afterwards.</summary>
internal sealed class OwnShop : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private readonly DistributedApplication _app;

    private OwnShop(DistributedApplication app, IReadOnlyList<string> services, string adminEmail, string adminPassword)
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

    /// <summary>Whom chaos may kill: every service, the cache and the broker.</summary>
    public IReadOnlyList<string> Victims => [.. Services, "redis", "kafka"];

    public static async Task<OwnShop> StartAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(timeout.Token);
        // Services die all the time here, and say so; that is not what one wants to read.
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var services = builder.Resources.OfType<ProjectResource>().Where(service => !service.HasAnnotationOfType<ExplicitStartupAnnotation>()).ToList();
        // All customers share one address: what protects a real shop from one of them would only slow the load down.
        var gateway = builder.CreateResourceBuilder(services.Single(service => service.Name == "gateway"));
        foreach (var limit in (string[])["PerAddress", "PerUser", "Registrations"])
            gateway.WithEnvironment("RateLimits__" + limit, "1000000");

        var app = await builder.BuildAsync(timeout.Token);
        await app.StartAsync(timeout.Token);
        var shop = new OwnShop(
            app, [.. services.Select(service => service.Name)],
            await Parameter(builder, "admin-email", timeout.Token), await Parameter(builder, "admin-password", timeout.Token));
        await shop.HealthyAsync(timeout.Token);
        return shop;
    }

    public async Task<string> ConnectionStringAsync(string resource, CancellationToken cancellationToken) =>
        await _app.GetConnectionStringAsync(resource, cancellationToken) ?? throw new InvalidOperationException($"{resource} has no connection string.");

    /// <summary>Waits until every service and server is healthy, starting what nobody else starts again.</summary>
    public Task HealthyAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Victims.Select(victim => RecoverAsync(victim, killed: null, cancellationToken)));

    /// <summary>Ends a process without asking, and waits until its successor is healthy.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> KillAsync(string resource, CancellationToken cancellationToken)
    {
        var before = await _app.ResourceNotifications.WaitForResourceAsync(resource, now => Incarnation(now) is not null, cancellationToken);
        var incarnation = Incarnation(before)!;
        var watch = Stopwatch.StartNew();
        await KillAsync(before, incarnation, cancellationToken);
        await RecoverAsync(resource, incarnation, cancellationToken);
        return watch.Elapsed;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task KillAsync(ResourceEvent resource, string incarnation, CancellationToken cancellationToken)
    {
        if (!IsContainer(resource))
        {
            using var process = Process.GetProcessById(int.Parse(incarnation, System.Globalization.CultureInfo.InvariantCulture));
            process.Kill();
            return;
        }

        using var docker = Process.Start(new ProcessStartInfo("docker", ["kill", incarnation]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("docker cannot be started.");
        await docker.WaitForExitAsync(cancellationToken);
        if (docker.ExitCode != 0)
            throw new InvalidOperationException($"docker could not kill {resource.Resource.Name}.");
    }

    /// <summary>Aspire leaves dead processes dead, other hosts start them again by themselves: whoever is first does it.</summary>
    private async Task RecoverAsync(string resource, string? killed, CancellationToken cancellationToken)
    {
        await foreach (var now in _app.ResourceNotifications.WatchAsync(cancellationToken))
        {
            if (now.Resource.Name != resource)
                continue;
            if (now.Snapshot.HealthStatus == HealthStatus.Healthy && Incarnation(now) != killed)
                return;
            if (KnownResourceStates.TerminalStates.Contains(now.Snapshot.State?.Text))
                await _app.ResourceCommands.ExecuteCommandAsync(resource, KnownResourceCommands.StartCommand, cancellationToken);
        }
    }

    /// <summary>What tells a process or container from its successor.</summary>
    private static string? Incarnation(ResourceEvent resource) => Property(resource, IsContainer(resource) ? "container.id" : "executable.pid");

    private static bool IsContainer(ResourceEvent resource) => Property(resource, "container.id") is not null;

    private static string? Property(ResourceEvent resource, string name) =>
        Convert.ToString(resource.Snapshot.Properties.FirstOrDefault(property => property.Name == name)?.Value, System.Globalization.CultureInfo.InvariantCulture) is { Length: > 0 } text
            ? text
            : null;

    private static async Task<string> Parameter(IDistributedApplicationBuilder builder, string name, CancellationToken cancellationToken) =>
        await builder.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == name).GetValueAsync(cancellationToken)
        ?? throw new InvalidOperationException($"The parameter {name} has no value.");
}
