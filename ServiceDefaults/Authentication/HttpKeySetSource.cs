namespace ForgeShop.ServiceDefaults.Authentication;

internal sealed class HttpKeySetSource(IHttpClientFactory clients) : IKeySetSource
{
    public const string ClientName = "signing-keys";

    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient(ClientName);
        return await http.GetStringAsync(new Uri("https+http://users/.well-known/jwks.json"), cancellationToken);
    }
}
