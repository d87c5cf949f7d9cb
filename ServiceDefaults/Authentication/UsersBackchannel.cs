using System.Diagnostics;

namespace ForgeShop.ServiceDefaults.Authentication;

/// <summary>
/// Sends the requests for the issuer's discovery document and keys to Users directly. The issuer is the shop's public address, which a
/// service need not reach.
/// </summary>
internal sealed class UsersBackchannel(Uri users, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    public const string ClientName = "signing-keys";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // The keys serve all requests, so the call is not part of the trace of the request that happened to trigger it.
        Activity.Current = null;
        request.RequestUri = new Uri(users, request.RequestUri!.PathAndQuery);
        return await base.SendAsync(request, cancellationToken);
    }
}
