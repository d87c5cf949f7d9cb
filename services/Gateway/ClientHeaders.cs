using ForgeShop.ServiceDefaults.Requests;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace ForgeShop.Gateway;

/// <summary>Headers that end at the gateway: those of the client's connection, and those by which a client could claim to be another one.</summary>
internal static class ClientHeaders
{
    // YARP sets X-Forwarded-* itself and omits the hop-by-hop headers of RFC 9110. These are what other proxies and frameworks use.
    private static readonly string[] Claims = ["Forwarded", "X-Real-IP", "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Original-Prefix"];

    // A client cannot take these away from the gateway itself.
    private static readonly string[] Framing = [HeaderNames.Host, HeaderNames.ContentLength, HeaderNames.TransferEncoding, HeaderNames.Connection];

    public static void UseClientHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var headers = context.Request.Headers;
        foreach (var name in Claims)
            headers.Remove(name);
        // RFC 9110 section 7.6.1: what Connection names is meant for this hop.
        foreach (var name in NamesIn(headers.Connection).Except(Framing, StringComparer.OrdinalIgnoreCase))
            headers.Remove(name);
        return next(context);
    });

    /// <summary>Forwards a HEAD as one: the gateway handles it as a GET, whose answer may have no end.</summary>
    public static void AddHeadRequests(this TransformBuilderContext transforms) => transforms.AddRequestTransform(transform =>
    {
        if (HeadAndOptions.IsHead(transform.HttpContext))
            transform.ProxyRequest.Method = HttpMethod.Head;
        return ValueTask.CompletedTask;
    });

    private static List<string> NamesIn(StringValues connection) =>
        [.. connection.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
