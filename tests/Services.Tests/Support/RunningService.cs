using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Services.Tests;

/// <summary>
/// A service on a port of its own, with real stores. <typeparamref name="T"/> is any public type of the
/// service's assembly.
/// </summary>
public sealed class RunningService<T> : WebApplicationFactory<T> where T : class
{
    private readonly (string Key, string Value)[] _settings;
    private readonly SocketsHttpHandler _connections = new();
    private readonly StartGate _gate = new();
    private readonly TimeProvider? _time;

    private RunningService(string database, TimeProvider? time, (string Key, string Value)[] settings)
    {
        Database = database;
        _time = time;
        _settings = settings;
        UseKestrel();
    }

    /// <summary>The connection string of its database; empty if it has none.</summary>
    public string Database { get; }

    /// <summary>A client with an administrator's token.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>Gets a client without a token.</summary>
    public HttpClient Anonymous { get; private set; } = null!;

    /// <summary>The source of its clients' tokens.</summary>
    public TestTokens? Tokens { get; set; }

    public Uri Address { get; private set; } = null!;

#pragma warning disable CA1000 // RunningService<T>.StartAsync says which service; inference has nothing to go by.
    /// <summary>Starts the service and waits until it is healthy.</summary>
    public static Task<RunningService<T>> StartAsync(string database, params (string Key, string Value)[] settings) =>
        StartAsync(database, null, settings);

    /// <summary>Starts the service with this clock and waits until it is healthy.</summary>
    public static async Task<RunningService<T>> StartAsync(
        string database, TimeProvider? time, params (string Key, string Value)[] settings)
#pragma warning restore CA1000
    {
        var service = new RunningService<T>(database, time, settings);
        service.StartServer();
        service.Address = new Uri(
            service.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        service.Anonymous = service.With(() => Task.FromResult<string?>(null));
        service.Http = service.With(async () => service.Tokens is { } tokens ? await tokens.OfAdministrator() : null);
        await Eventually.True(
            $"{typeof(T).Assembly.GetName().Name} is healthy",
            async token => (await service.Anonymous.GetAsync("/health", token)).IsSuccessStatusCode,
            cancellationToken: TestContext.Current.CancellationToken);
        return service;
    }

    /// <summary>The requests of a customer.</summary>
    public HttpClient As(UserId user) => With(async () => await Tokens!.OfCustomer(user));

    /// <summary>The requests of another service.</summary>
    public HttpClient AsService() => With(async () => await Tokens!.OfService());

    /// <summary>Requests with this token.</summary>
    public HttpClient With(string token) => With(() => Task.FromResult<string?>(token));

    /// <summary>Runs something in a scope of the service, with the services that a request would have.</summary>
    public async Task<TResult> InScope<TService, TResult>(Func<TService, Task<TResult>> work) where TService : notnull
    {
        await using var scope = Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<TService>());
    }

    private HttpClient With(Func<Task<string?>> token) =>
        new(new BearerHandler(token, _connections), disposeHandler: false) { BaseAddress = Address, Timeout = Eventually.DefaultTimeout };

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        // Any free port; as a setting, because the service may start before UseKestrel(0) takes effect.
        builder.UseSetting(WebHostDefaults.ServerUrlsKey, "http://127.0.0.1:0");
        builder.UseSetting("Authentication:Issuer", TestTokens.Issuer);
        foreach (var (key, value) in _settings)
            builder.UseSetting(key, value);
        if (_time is not null)
            builder.ConfigureTestServices(services => services.AddSingleton(_time));
    }

    /// <summary>
    /// Starts the service after the factory observes its start. The service's Main runs on a thread of its own: a service that fails faster
    /// disposes itself first, and the factory throws ObjectDisposedException in place of the service's exception.
    /// </summary>
    protected override IHost CreateHost(IHostBuilder builder)
    {
        builder.ConfigureServices(services => services.AddSingleton<IHostLifetime>(_gate));
        var host = builder.Build();
        foreach (var context in host.Services.GetServices<DbContextOptions>().Select(options => options.ContextType))
        {
            // In a running shop, the migrator has done this.
            using var scope = host.Services.CreateScope();
            ((DbContext)scope.ServiceProvider.GetRequiredService(context)).Database.Migrate();
        }

        var started = host.StartAsync();
        _gate.Open();
        started.GetAwaiter().GetResult();
        return host;
    }

    public override async ValueTask DisposeAsync()
    {
        _connections.Dispose();
        await base.DisposeAsync();
    }

    private sealed class StartGate : IHostLifetime
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _opened.TrySetResult();

        public Task WaitForStartAsync(CancellationToken cancellationToken) =>
            _opened.Task.WaitAsync(Eventually.DefaultTimeout, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
