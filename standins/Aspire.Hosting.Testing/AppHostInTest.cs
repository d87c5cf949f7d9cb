using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>
/// An AppHost whose own Main runs on a thread of this test. Main waits in Build() until the test builds, then goes on to start
/// the application by itself, as it always does; the test sees the same builder and the same host.
/// </summary>
internal sealed class AppHostInTest(Assembly assembly, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configure)
    : BuilderInterceptor
{
    /// <summary>More than an AppHost takes to stop.</summary>
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(25);

    private readonly TaskCompletionSource<IDistributedApplicationBuilder> builder = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IHost> host = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource mayBuild = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TestData data = new();
    private volatile bool isEnding;
    private volatile IHostApplicationLifetime? lifetime;

    /// <summary>Completes when Main has started the application.</summary>
    public Task Started => started.Task;

    public async Task<IDistributedApplicationBuilder> StartMainAsync(CancellationToken cancellationToken)
    {
        await TestData.SweepOnceAsync();
        var main = assembly.EntryPoint ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no entry point.");
        Current.Value = this; // flows into the new thread
        new Thread(() => RunMain(main)) { IsBackground = true, Name = $"Main of {assembly.GetName().Name}" }.Start();
        Current.Value = null;
        return await builder.Task.WaitAsync(cancellationToken);
    }

    public Task<IHost> BuildAsync(CancellationToken cancellationToken)
    {
        mayBuild.TrySetResult();
        return host.Task.WaitAsync(cancellationToken);
    }

    public override void OnCreating(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
    {
        options.Args = settings.Args = [.. settings.Args ?? [], .. args];
        options.AssemblyName = settings.ApplicationName = assembly.GetName().Name;
        options.DisableDashboard = true;
        settings.ContentRootPath = assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "apphostprojectpath").Value;
        settings.EnvironmentName = Environments.Development; // what the AppHost's launch profile would say
        configure(options, settings);

        settings.Configuration ??= new ConfigurationManager();
        settings.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DcpPublisher:RandomizePorts"] = "true",
            ["StandIns:DataFolder"] = data.Folder,
        });
    }

    public override void OnBuilding(IDistributedApplicationBuilder builder)
    {
        this.builder.TrySetResult(builder);
        mayBuild.Task.GetAwaiter().GetResult();
    }

    public override IHost OnBuilt(IHost host)
    {
        lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        this.host.TrySetResult(host);
        return new MainsHost(host, this);
    }

    /// <summary>Stops the application as Ctrl-C would, waits until its Main has ended and removes its data. Can be called again.</summary>
    public async Task EndAsync()
    {
        isEnding = true;
        mayBuild.TrySetResult();
        lifetime?.StopApplication();
        await ((Task)exit.Task).WaitAsync(ExitLimit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await data.RemoveAsync();
    }

    private void RunMain(MethodInfo main)
    {
        try
        {
            main.Invoke(null, main.GetParameters().Length == 0 ? null : [args]);
            Fail(new InvalidOperationException("The AppHost's Main ended without running the application."));
            exit.TrySetResult();
        }
        catch (TargetInvocationException exception)
        {
            Fail(exception.InnerException!);
            exit.TrySetResult();
        }
    }

    /// <summary>For whoever still waits; the others have what they waited for.</summary>
    private void Fail(Exception exception)
    {
        builder.TrySetException(exception);
        host.TrySetException(exception);
        started.TrySetException(exception);
    }

    /// <summary>The host as Main sees it: tells the test when the application has started, and why not.</summary>
    private sealed class MainsHost(IHost inner, AppHostInTest test) : IHost, IAsyncDisposable
    {
        public IServiceProvider Services => inner.Services;

        public async Task StartAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                if (test.isEnding)
                    throw new OperationCanceledException("The test ended before it started the application.");
                await inner.StartAsync(cancellationToken);
                test.started.TrySetResult();
            }
            catch (Exception exception)
            {
                test.started.TrySetException(exception);
                throw;
            }
        }

        public Task StopAsync(CancellationToken cancellationToken = default) => inner.StopAsync(cancellationToken);

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => ((IAsyncDisposable)inner).DisposeAsync();
    }
}
