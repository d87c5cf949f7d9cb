using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(ForgeShop.EndToEnd.Tests.ShopFixture))]
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace ForgeShop.EndToEnd.Tests;

#pragma warning disable ASPIREINTERACTION001 // The arguments of a command are still experimental.

/// <summary>The whole shop, from its AppHost, on its own ports and data; started once for all tests.</summary>
public sealed class ShopFixture : IAsyncLifetime, IShopUnderTest
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);
    private static readonly string[] Resources =
    [
        "postgres", "redis", "kafka", "users", "inventory", "orders", "payments", "notifications", "reporting", "gateway",
        .. HasRecommendations ? ["recommendations"] : Array.Empty<string>(),
    ];

    /// <summary>Gets whether this machine can run the service on Node.js.</summary>
    public static bool HasRecommendations => NodeService.Missing is null;

    private DistributedApplication? _app;

    /// <summary>The telemetry of the shop, from its start.</summary>
    public TelemetrySink Telemetry { get; private set; } = null!;

    /// <summary>The folder with all files of the shop; deleted at its end.</summary>
    private readonly string artifacts = Directory.CreateTempSubdirectory("forgeshop-e2e-").FullName;

    /// <summary>The endpoints file, by which the operator's tool finds the shop.</summary>
    public string EndpointsFile => Path.Combine(artifacts, "run", "endpoints.json");

    /// <summary>A plain client of the gateway.</summary>
    public HttpClient Http { get; private set; } = null!;

    public DistributedApplication App => _app ?? throw new InvalidOperationException("The shop is not started.");

    /// <summary>The IDs as a client derives them.</summary>
    public ForgeIds Ids { get; } = new();

    /// <summary>Gets a client without a token.</summary>
    public ShopClient Shop { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        using var timeout = new CancellationTokenSource(StartTimeout);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>([$"--Artifacts={artifacts}"], timeout.Token);
        Telemetry = await TelemetrySink.StartAsync();
        builder.Services.AddLogging(logging => logging
            .SetMinimumLevel(LogLevel.Warning)
            .AddProvider(Telemetry)
            .AddFilter<TelemetrySink>(null, LogLevel.Information)
            // The consoles of services and servers.
            .AddFilter<TelemetrySink>("ForgeShop.AppHost.Resources", LogLevel.Trace));
        foreach (var service in builder.Resources.OfType<IResourceWithEnvironment>()
            .Where(service => service is ProjectResource or ExecutableResource { Name: "recommendations" }).ToList())
        {
            builder.CreateResourceBuilder(service)
                .WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", Telemetry.Address)
                .WithEnvironment("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
                .WithEnvironment("OTEL_BSP_SCHEDULE_DELAY", "1000")
                .WithEnvironment("OTEL_BLRP_SCHEDULE_DELAY", "1000")
                .WithEnvironment("OTEL_METRIC_EXPORT_INTERVAL", "5000");
        }

        // All tests have one address, so the limits of production would slow them down.
        var gateway = builder.Resources.OfType<ProjectResource>().Single(resource => resource.Name == "gateway");
        builder.CreateResourceBuilder(gateway)
            .WithEnvironment("RateLimits__PerAddress", "1000000")
            .WithEnvironment("RateLimits__PerUser", "1000000")
            .WithEnvironment("RateLimits__Registrations", "1000000");

        builder.CreateResourceBuilder(builder.Resources.OfType<ProjectResource>().Single(resource => resource.Name == "users"))
            .WithEnvironment("Tokens__RefreshLeeway", "00:00:05");

        _app = await builder.BuildAsync(timeout.Token);
        await _app.StartAsync(timeout.Token);
        foreach (var resource in Resources)
            await _app.ResourceNotifications.WaitForResourceHealthyAsync(resource, timeout.Token);

        Http = _app.CreateHttpClient("gateway");
        Shop = new ShopClient(Http);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
            Directory.Exists(artifacts).ShouldBeFalse("a temporary shop deletes its data when it ends");
        }

        if (Telemetry is not null)
            await Telemetry.DisposeAsync();
    }

    /// <summary>
    /// What the AppHost generated for this run, by name: the servers' passwords, the administrator's, the services' secrets.
    /// </summary>
    public async Task<Dictionary<string, string>> Secrets(CancellationToken cancellationToken)
    {
        var secrets = new Dictionary<string, string>();
        foreach (var parameter in App.Services.GetRequiredService<DistributedApplicationModel>().Resources.OfType<ParameterResource>()
            .Where(parameter => parameter.Secret))
            secrets[parameter.Name] = await parameter.GetValueAsync(cancellationToken)
                ?? throw new InvalidOperationException($"{parameter.Name} has no value.");
        secrets["the password of PostgreSQL"] = new Npgsql.NpgsqlConnectionStringBuilder(await ConnectionString("postgres")).Password!;
        return secrets;
    }

    public async Task<ShopClient> LogInAdministrator(CancellationToken cancellationToken)
    {
        var parameters = App.Services.GetRequiredService<DistributedApplicationModel>().Resources.OfType<ParameterResource>()
            .ToDictionary(parameter => parameter.Name);
        var email = await parameters["admin-email"].GetValueAsync(cancellationToken);
        var password = await parameters["admin-password"].GetValueAsync(cancellationToken);
        return await this.LogIn(email!, cancellationToken, password!);
    }

    public async Task<string> ConnectionString(string resource) =>
        await App.GetConnectionStringAsync(resource) ?? throw new InvalidOperationException($"{resource} has no connection string.");

    public Task<string> Database(string service) => ConnectionString($"{service}-db");

    /// <summary>Runs a command of a resource, as its button on the dashboard does.</summary>
    public Task<ExecuteCommandResult> Execute(
        string resource, string command, CancellationToken cancellationToken, params (string Name, string Value)[] arguments) =>
        arguments.Length == 0
            ? App.ResourceCommands.ExecuteCommandAsync(resource, command, cancellationToken)
            : App.ResourceCommands.ExecuteCommandAsync(
                resource, command,
                new InteractionInputCollection([.. arguments.Select(
                    argument => new InteractionInput { Name = argument.Name, InputType = InputType.Text, Value = argument.Value })]),
                cancellationToken);

    public async Task Command(string resource, string command, CancellationToken cancellationToken)
    {
        var result = await Execute(resource, command, cancellationToken);
        result.Success.ShouldBeTrue($"{command} {resource}: {result.Message}");
    }

    public Task Stop(string resource, CancellationToken cancellationToken) =>
        Command(resource, KnownResourceCommands.StopCommand, cancellationToken);

    public async Task Start(string resource, CancellationToken cancellationToken)
    {
        await Command(resource, KnownResourceCommands.StartCommand, cancellationToken);
        await Healthy(resource, cancellationToken);
    }

    public async Task Healthy(string resource, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        // For a moment after a start, the state is still that of the stop.
        await App.ResourceNotifications.WaitForResourceHealthyAsync(resource, WaitBehavior.WaitOnResourceUnavailable, timeout.Token);
    }

    /// <summary>Starts a service that was killed, where the host does not do so by itself, and waits until it is healthy.</summary>
    /// <param name="resource">The service.</param>
    /// <param name="killed">Its process of before: until the host has seen its end, it takes it for healthy.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task EnsureRunning(string resource, int killed, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        var now = await App.ResourceNotifications.WaitForResourceAsync(
            resource, @event =>
                KnownResourceStates.TerminalStates.Contains(@event.Snapshot.State?.Text) || ProcessOf(@event) is { } process
                && process != killed, timeout.Token);
        if (KnownResourceStates.TerminalStates.Contains(now.Snapshot.State?.Text))
            await Command(resource, KnownResourceCommands.StartCommand, cancellationToken);
        await Healthy(resource, cancellationToken);
    }

    /// <summary>Returns the process ID of a service.</summary>
    public async Task<int> ProcessId(string resource, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        return ProcessOf(
            await App.ResourceNotifications.WaitForResourceAsync(resource, @event => ProcessOf(@event) is not null, timeout.Token))!.Value;
    }

    /// <summary>Kills the service (SIGKILL).</summary>
    /// <returns>Which process it was.</returns>
    public async Task<int> Kill(string resource, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        using var process = Process.GetProcessById(await ProcessId(resource, cancellationToken));
        process.Kill();
        await process.WaitForExitAsync(timeout.Token);
        return process.Id;
    }

    public async Task KillAndRestart(string service, CancellationToken cancellationToken)
    {
        var killed = await Kill(service, cancellationToken);
        await EnsureRunning(service, killed, cancellationToken);
    }

    private static int? ProcessOf(ResourceEvent seen) =>
        seen.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value is { } process
            ? Convert.ToInt32(process, CultureInfo.InvariantCulture) : null;
}
