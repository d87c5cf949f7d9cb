using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>How Aspire.Hosting.Testing gets a hand on the builder and the host of an AppHost whose own Main runs.</summary>
internal abstract class BuilderInterceptor
{
    /// <summary>Flows into the Main that is invoked, and into nobody else's.</summary>
    public static AsyncLocal<BuilderInterceptor?> Current { get; } = new();

    public abstract void OnCreating(DistributedApplicationOptions options, HostApplicationBuilderSettings settings);

    /// <summary>Called by Build(), which goes on when this returns.</summary>
    public abstract void OnBuilding(IDistributedApplicationBuilder builder);

    public abstract IHost OnBuilt(IHost host);
}
