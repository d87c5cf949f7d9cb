using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ForgeShop.Api;

/// <summary>
/// Gives JSON answers to GET, PUT and PATCH a strong ETag, the hash of their bytes, and answers a conditional GET with 304 or 412 (RFC 9110
/// section 13). Streams, problems and answers that have an ETag already, as those of a service behind the gateway, pass unchanged.
/// </summary>
internal sealed class ConditionalRequests(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var isGet = HttpMethods.IsGet(context.Request.Method);
        if (!isGet && !HttpMethods.IsPut(context.Request.Method) && !HttpMethods.IsPatch(context.Request.Method))
        {
            await next(context);
            return;
        }

        var (sent, feature) = (context.Response.Body, context.Features.Get<IHttpResponseBodyFeature>());
        await using var answer = new AnswerBuffer(context.Response, sent);
        // Not Response.Body: its setter would let StartAsync begin the response.
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        try
        {
            await next(context);
            // Only if there are bytes: a flush would begin the response, and outer middleware still fills an empty one.
            if (context.Response.BodyWriter.UnflushedBytes > 0)
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        finally
        {
            context.Features.Set(feature);
        }

        if (!answer.HasKept)
            return;
        var body = answer.Kept;
        var tag = Preconditions.TagOf(body.Span);
        context.Response.Headers.ETag = tag.ToString();
        if (isGet && Preconditions.Evaluate(context.Request, tag) is { } refused)
        {
            (context.Response.ContentType, context.Response.ContentLength) = (null, null); // A proxied answer has a length.
            await refused.ExecuteAsync(context);
            return;
        }

        context.Response.ContentLength = body.Length;
        await sent.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Keeps a JSON answer until it is complete; writes anything else through.</summary>
    private sealed class AnswerBuffer(HttpResponse response, Stream sent) : MemoryStream
    {
        private bool? _isKept;

        public bool HasKept => _isKept == true;

        public ReadOnlyMemory<byte> Kept => GetBuffer().AsMemory(0, (int)Length);

        // The headers are complete at the first write or flush.
        private bool IsKept =>
            _isKept ??= response is { StatusCode: StatusCodes.Status200OK or StatusCodes.Status201Created, ContentType: { } type }
            && type.StartsWith("application/json", StringComparison.Ordinal)
            && !response.Headers.ContainsKey(HeaderNames.ETag)
            && response.GetTypedHeaders().CacheControl is not { NoStore: true };

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            IsKept ? base.WriteAsync(buffer, cancellationToken) : sent.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (IsKept)
                base.Write(buffer, offset, count);
            else
                sent.Write(buffer, offset, count);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) =>
            IsKept ? Task.CompletedTask : sent.FlushAsync(cancellationToken);

        public override void Flush()
        {
            if (!IsKept)
                sent.Flush();
        }
    }
}
