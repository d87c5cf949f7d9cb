using ForgeShop.ServiceDefaults.Requests;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace ForgeShop.Gateway;

/// <summary>Headers that end at the gateway, because a client could claim by them to be another one.</summary>
internal static class ClientHeaders
{
    // YARP sets X-Forwarded-* itself and omits the hop-by-hop headers of RFC 9110. These are what other proxies and frameworks use.
    private static readonly string[] Claims =
        ["Forwarded", "X-Real-IP", "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Original-Prefix"];

    public static void UseClientHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        foreach (var name in Claims)
            context.Request.Headers.Remove(name);
        return next(context);
    });

    /// <summary>Forwards a HEAD as one: the gateway handles it as a GET, whose answer may have no end.</summary>
    public static void AddHeadRequests(this TransformBuilderContext transforms) => transforms.AddRequestTransform(transform =>
    {
        if (HeadAndOptions.IsHead(transform.HttpContext))
            transform.ProxyRequest.Method = HttpMethod.Head;
        return ValueTask.CompletedTask;
    });
}
