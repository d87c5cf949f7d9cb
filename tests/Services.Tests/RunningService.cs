using ForgeShop.TestSupport;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>
/// A service as it is, on a port of its own, with its real stores. <typeparamref name="T"/> is any public type of the
/// service: it says which one.
/// </summary>
public sealed class RunningService<T> : WebApplicationFactory<T> where T : class
{
    private readonly (string Key, string Value)[] _settings;

    private RunningService(string database, (string Key, string Value)[] settings)
    {
        Database = database;
        _settings = settings;
        UseKestrel(0);
    }

    /// <summary>The connection string of its database; empty if it has none.</summary>
    public string Database { get; }

    public HttpClient Http { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

#pragma warning disable CA1000 // RunningService<T>.StartAsync says which service; inference has nothing to go by.
    /// <summary>Starts the service and waits until it says that it is healthy.</summary>
    public static async Task<RunningService<T>> StartAsync(string database, params (string Key, string Value)[] settings)
#pragma warning restore CA1000
    {
        var service = new RunningService<T>(database, settings);
        service.StartServer();
        service.Address = new Uri(service.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        service.Http = new HttpClient { BaseAddress = service.Address, Timeout = TimeSpan.FromSeconds(30) };
        await Eventually.True(
            $"{typeof(T).Assembly.GetName().Name} is healthy",
            async token => (await service.Http.GetAsync("/health", token)).IsSuccessStatusCode,
            cancellationToken: TestContext.Current.CancellationToken);
        return service;
    }

    /// <summary>Runs something in a scope of the service, with the services that a request would have.</summary>
    public async Task<TResult> InScope<TService, TResult>(Func<TService, Task<TResult>> work) where TService : notnull
    {
        await using var scope = Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<TService>());
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in _settings)
            builder.UseSetting(key, value);
    }

    public override async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        await base.DisposeAsync();
    }
}
