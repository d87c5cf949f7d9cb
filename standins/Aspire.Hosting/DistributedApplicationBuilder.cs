using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly BuilderInterceptor? interceptor = BuilderInterceptor.Current.Value;
    private readonly HostApplicationBuilder host;

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        var settings = new HostApplicationBuilderSettings { Args = options.Args };
        interceptor?.OnCreating(options, settings);
        AppHostAssembly = options.Assembly;
        host = new HostApplicationBuilder(settings);
        AppHostDirectory = options.ProjectDirectory ?? AppHostMetadata.ProjectDirectory(AppHostAssembly) ?? host.Environment.ContentRootPath;

        ResourceConsole.AddTo(host.Logging);
        host.Services.Configure<HostOptions>(hostOptions => hostOptions.ShutdownTimeout = Orchestrator.StopLimit + TimeSpan.FromSeconds(2));
        host.Services.AddHttpClient();
        host.Services.AddSingleton(options);
        host.Services.AddSingleton(ExecutionContext);
        host.Services.AddSingleton(TimeProvider.System);
        host.Services.AddSingleton(_ => new DistributedApplicationModel(Resources));
        host.Services.AddSingleton(services => new ResourceNotificationService(services.GetRequiredService<DistributedApplicationModel>(), options));
        host.Services.AddSingleton(services => new ResourceCommandService(services.GetRequiredService<Orchestrator>()));
        host.Services.AddSingleton(new SecretStore());
        host.Services.AddSingleton<Orchestrator>();
        host.Services.AddHostedService(services => services.GetRequiredService<Orchestrator>());
        host.Services.AddHostedService<HangUpSignal>();
    }

    public ConfigurationManager Configuration => host.Configuration;

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly { get; }

    public IHostEnvironment Environment => host.Environment;

    public IServiceCollection Services => host.Services;

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new();

    public IResourceCollection Resources { get; } = new ResourceCollection();

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        interceptor?.OnBuilding(this);
        var built = host.Build();
        return new DistributedApplication(interceptor?.OnBuilt(built) ?? built);
    }

    private sealed record ResourceBuilder<T>(IDistributedApplicationBuilder ApplicationBuilder, T Resource) : IResourceBuilder<T>
        where T : IResource;
}
