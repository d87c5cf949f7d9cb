using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http.Resilience;

namespace Microsoft.Extensions.DependencyInjection;

public static class ResilienceHttpClientBuilderExtensions
{
    public static IHttpStandardResiliencePipelineBuilder AddStandardResilienceHandler(
        this IHttpClientBuilder builder, Action<HttpStandardResilienceOptions> configure)
    {
        var name = $"{builder.Name}-standard";
        builder.Services.Configure(name, configure);
        builder.Services.TryAddSingleton<StandardPipelines>();
        builder.AddHttpMessageHandler(services =>
        {
            var pipelines = services.GetRequiredService<StandardPipelines>();
            return new ResilienceHandler(request => pipelines.Get(name, request));
        });
        // The time-outs of the pipeline are the ones that count.
        builder.ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan);
        return new PipelineBuilder(name, builder.Services);
    }

    private sealed record PipelineBuilder(string PipelineName, IServiceCollection Services) : IHttpStandardResiliencePipelineBuilder;
}
