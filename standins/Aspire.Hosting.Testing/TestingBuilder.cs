using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>The AppHost's own builder, in the hands of a test.</summary>
internal sealed class TestingBuilder(AppHostInTest appHost, IDistributedApplicationBuilder inner) : IDistributedApplicationTestingBuilder
{
    public ConfigurationManager Configuration => inner.Configuration;

    public string AppHostDirectory => inner.AppHostDirectory;

    public Assembly? AppHostAssembly => inner.AppHostAssembly;

    public IHostEnvironment Environment => inner.Environment;

    public IServiceCollection Services => inner.Services;

    public DistributedApplicationExecutionContext ExecutionContext => inner.ExecutionContext;

    public IResourceCollection Resources => inner.Resources;

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource => inner.AddResource(resource);

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => inner.CreateResourceBuilder(resource);

    public DistributedApplication Build() => BuildAsync(CancellationToken.None).GetAwaiter().GetResult();

    public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default) =>
        new(new TestsHost(await appHost.BuildAsync(cancellationToken), appHost));

    public void Dispose() => appHost.EndAsync().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync() => await appHost.EndAsync();

    /// <summary>The host as the test sees it: Main has started it or is about to, and ends it when the test is done.</summary>
    private sealed class TestsHost(IHost inner, AppHostInTest appHost) : IHost, IAsyncDisposable
    {
        public IServiceProvider Services => inner.Services;

        public Task StartAsync(CancellationToken cancellationToken = default) => appHost.Started.WaitAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken = default) => appHost.EndAsync().WaitAsync(cancellationToken);

        public void Dispose() => appHost.EndAsync().GetAwaiter().GetResult();

        public async ValueTask DisposeAsync() => await appHost.EndAsync();
    }
}
