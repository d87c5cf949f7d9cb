using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Polly;

namespace Microsoft.Extensions.Http.Resilience;

internal sealed class PipelineKeyOptions
{
    public bool ByAuthority { get; set; }
}

/// <summary>The pipelines outlive the handlers, which the client factory renews: a circuit must stay open across that.</summary>
internal sealed class StandardPipelines(IOptionsMonitor<HttpStandardResilienceOptions> options, IOptionsMonitor<PipelineKeyOptions> keys)
{
    private readonly ConcurrentDictionary<(string Name, string Key), ResiliencePipeline<HttpResponseMessage>> _pipelines = new();

    public ResiliencePipeline<HttpResponseMessage> Get(string name, HttpRequestMessage request)
    {
        var key = keys.Get(name).ByAuthority ? request.RequestUri?.GetLeftPart(UriPartial.Authority) ?? "" : "";
        return _pipelines.GetOrAdd((name, key), _ => Build(options.Get(name)));
    }

    // The original begins with a limit of 1,000 concurrent requests; Polly's part for that is not on a sparse feed.
    private static ResiliencePipeline<HttpResponseMessage> Build(HttpStandardResilienceOptions options) =>
        new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddTimeout(options.TotalRequestTimeout)
            .AddRetry(options.Retry)
            .AddCircuitBreaker(options.CircuitBreaker)
            .AddTimeout(options.AttemptTimeout)
            .Build();
}

internal sealed class ResilienceHandler(Func<HttpRequestMessage, ResiliencePipeline<HttpResponseMessage>> pipeline) : DelegatingHandler
{
    public static readonly ResiliencePropertyKey<HttpRequestMessage> Request = new("Resilience.Http.RequestMessage");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Request, request);
        try
        {
            return await pipeline(request).ExecuteAsync(
                static async (context, state) => await state.Handler.SendOnceAsync(state.Request, context.CancellationToken),
                context, (Handler: this, Request: request));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => base.SendAsync(request, cancellationToken);
}
