using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Configuration;

namespace ForgeShop.Api;

/// <summary>
/// Refuses bodies over 64 KiB before they are parsed or forwarded. Kestrel's own limit would close the connection while the client writes,
/// and the client would not receive the answer. This limit reads and discards the rest of the body, up to a bound.
/// </summary>
public sealed class BodyLimit(RequestDelegate next, IConfiguration configuration, TimeProvider time)
{
    private const int DiscardAtMost = 16 * 1024 * 1024;
    private static readonly TimeSpan DiscardFor = TimeSpan.FromSeconds(5);

    private readonly int _limit = configuration.GetValue("Requests:MaxBodyBytes", 64 * 1024);
    private readonly TimeSpan _bodyTime = configuration.GetValue("Requests:MaxBodyTime", TimeSpan.FromSeconds(10));

    public async Task InvokeAsync(HttpContext context)
    {
        var (request, sent) = (context.Request, context.Request.Body);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server)
            server.MaxRequestBodySize = null;
        if (request.ContentLength > _limit || (request.ContentLength is null && !await FitsAsync(context)))
            await RefuseAsync(context, sent);
        else
            await next(context);
    }

    /// <summary>Reads a body of unknown length into a buffer, which replaces the request body.</summary>
    /// <exception cref="BadHttpRequestException">The body did not arrive in time (408).</exception>
    private async Task<bool> FitsAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false)
            return true;
        context.Request.EnableBuffering(_limit, _limit);
        using var slow = new CancellationTokenSource(_bodyTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(slow.Token, context.RequestAborted);
        try
        {
            await context.Request.Body.DrainAsync(either.Token);
            context.Request.Body.Position = 0;
            return true;
        }
        catch (IOException error) when (
            error is not BadHttpRequestException && !BadRequests.IsChunkTooLong(error) && !context.RequestAborted.IsCancellationRequested)
        {
            // The buffer is full.
            return false;
        }
        catch (Exception error) when (error is BadHttpRequestException || BadRequests.IsChunkTooLong(error))
        {
            CloseAfterwards(context);
            throw;
        }
        catch (OperationCanceledException error) when (slow.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            CloseAfterwards(context);
            throw new BadHttpRequestException("The body did not arrive in time.", StatusCodes.Status408RequestTimeout, error);
        }
    }

    /// <summary>Announces that the connection closes, because the end of the body was not found (RFC 9112, section 9.6).</summary>
    private static void CloseAfterwards(HttpContext context) => context.Response.OnStarting(() =>
    {
        context.Response.Headers.Connection = "close";
        return Task.CompletedTask;
    });

    private async Task RefuseAsync(HttpContext context, Stream sent)
    {
        using var enough = new CancellationTokenSource(DiscardFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, context.RequestAborted);
        try
        {
            // A client that sent Expect: 100-continue has not sent the body yet.
            if (context.Request.Headers.Expect.Count == 0)
                await sent.DrainAsync(DiscardAtMost, either.Token);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested
            && (error is InvalidDataException or OperationCanceledException))
        {
            // The rest is too long or too slow: the connection closes after the answer.
            CloseAfterwards(context);
        }
        await Problems.Status(StatusCodes.Status413PayloadTooLarge, $"A body has at most {_limit} bytes.").ExecuteAsync(context);
    }
}
