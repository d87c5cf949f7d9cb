using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace ForgeShop.Gateway;

/// <summary>Removes request headers by which a client could claim another identity.</summary>
internal static class ClientHeaders
{
    // YARP sets X-Forwarded-* itself and omits the hop-by-hop headers of RFC 9110. These are headers of other proxies and frameworks.
    private static readonly string[] Claims =
        ["Forwarded", "X-Real-IP", "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Original-Prefix"];

    public static void UseClientHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        foreach (var name in Claims)
            context.Request.Headers.Remove(name);
        return next(context);
    });

    /// <summary>Forwards a HEAD as a HEAD. The gateway routes it as a GET, whose answer may be an endless stream.</summary>
    public static void AddHeadRequests(this TransformBuilderContext transforms) => transforms.AddRequestTransform(transform =>
    {
        if (HeadAndOptions.IsHead(transform.HttpContext))
            transform.ProxyRequest.Method = HttpMethod.Head;
        return ValueTask.CompletedTask;
    });
}
