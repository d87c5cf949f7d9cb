using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;

namespace ForgeShop.ServiceDefaults.Requests;

/// <summary>
/// Bodies over 64 KiB are refused before anybody parses or forwards them. What the client still sends is read and
/// discarded, up to a bound: a connection that is reset while the client writes would take the answer with it.
/// </summary>
internal sealed class BodyLimit(RequestDelegate next, IConfiguration configuration, TimeProvider time)
{
    private const int DiscardAtMost = 16 * 1024 * 1024;
    private static readonly TimeSpan DiscardFor = TimeSpan.FromSeconds(5);

    private readonly int _limit = configuration.GetValue("Requests:MaxBodyBytes", 64 * 1024);

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentLength is { } length)
        {
            if (length > _limit)
                await RefuseAsync(context);
            else
                await next(context);
        }
        else if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false)
        {
            await next(context);
        }
        else
        {
            await ReadThenContinueAsync(context);
        }
    }

    // Nobody knows how long a chunked body is until it has been read.
    private async Task ReadThenContinueAsync(HttpContext context)
    {
        LiftServerLimit(context);
        var sent = context.Request.Body;
        using var body = new MemoryStream();
        var buffer = new byte[8192];
        while (await sent.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
        {
            body.Write(buffer, 0, count);
            if (body.Length > _limit)
            {
                await RefuseAsync(context);
                return;
            }
        }

        body.Position = 0;
        context.Request.Body = body;
        try
        {
            await next(context);
        }
        finally
        {
            context.Request.Body = sent;
        }
    }

    private async Task RefuseAsync(HttpContext context)
    {
        // A client that asks first (Expect: 100-continue) has sent nothing yet and takes the answer as a no.
        if (context.Request.Headers.Expect.Count == 0)
            await DiscardAsync(context);
        await Problems.Status(StatusCodes.Status413PayloadTooLarge, $"A body has at most {_limit} bytes.").ExecuteAsync(context);
    }

    private async Task DiscardAsync(HttpContext context)
    {
        LiftServerLimit(context);
        using var enough = new CancellationTokenSource(DiscardFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, context.RequestAborted);
        var buffer = new byte[16 * 1024];
        long discarded = 0;
        try
        {
            while (discarded < DiscardAtMost && await context.Request.Body.ReadAsync(buffer, either.Token) is > 0 and var count)
                discarded += count;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Sent too slowly: the answer goes out now, and the connection ends with it.
            context.Response.Headers.Connection = "close";
        }
    }

    private static void LiftServerLimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
    }
}
