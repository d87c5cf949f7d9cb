using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace ForgeShop.Users;

/// <summary>
/// The OAuth clients: the shop's own applications, and each service that has a secret in the configuration section <c>ServiceClients</c>.
/// </summary>
public static class Clients
{
    /// <summary>
    /// The first-party applications. The client is public, because an application on a user's machine cannot keep a secret.
    /// </summary>
    public const string Shop = "shop";

    private const int MinSecretLength = 24;

    /// <summary>Stores the configured clients and removes those that are no longer configured.</summary>
    /// <exception cref="InvalidOperationException">A secret is too short.</exception>
    public static async Task StoreAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var manager = services.GetRequiredService<IOpenIddictApplicationManager>();
        var clients = services.GetRequiredService<IConfiguration>().GetSection("ServiceClients").GetChildren()
            .Where(client => client.Value is not null).Select(client => Service(client.Key, client.Value!))
            .Append(FirstParty(services.GetRequiredService<IOptions<TokenOptions>>().Value)).ToList();
        foreach (var client in clients)
        {
            if (await manager.FindByClientIdAsync(client.ClientId!, cancellationToken) is { } stored)
                await manager.UpdateAsync(stored, client, cancellationToken);
            else
                await manager.CreateAsync(client, cancellationToken);
        }

        var known = new List<object>();
        await foreach (var stored in manager.ListAsync(cancellationToken: cancellationToken))
            known.Add(stored);
        foreach (var stored in known)
        {
            var id = await manager.GetClientIdAsync(stored, cancellationToken);
            if (!clients.Exists(client => client.ClientId == id))
                await manager.DeleteAsync(stored, cancellationToken);
        }
    }

    private static OpenIddictApplicationDescriptor FirstParty(TokenOptions options)
    {
        var client = new OpenIddictApplicationDescriptor
        {
            ClientId = Shop,
            ClientType = ClientTypes.Public,
            // On loopback addresses any port is accepted (RFC 8252).
            ApplicationType = ApplicationTypes.Native,
            ConsentType = ConsentTypes.Implicit,
            Permissions =
            {
                OpenIddictConstants.Permissions.Endpoints.Authorization, OpenIddictConstants.Permissions.Endpoints.Token,
                OpenIddictConstants.Permissions.Endpoints.Revocation, OpenIddictConstants.Permissions.ResponseTypes.Code,
                OpenIddictConstants.Permissions.GrantTypes.Password, OpenIddictConstants.Permissions.GrantTypes.AuthorizationCode,
                OpenIddictConstants.Permissions.GrantTypes.RefreshToken,
            },
            Requirements = { Requirements.Features.ProofKeyForCodeExchange },
        };
        client.Permissions.UnionWith(
            ServiceDefaults.Permissions.OfAdministrators.Select(scope => OpenIddictConstants.Permissions.Prefixes.Scope + scope));
        string[] loopback = ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"];
        client.RedirectUris.UnionWith(loopback.Concat(options.RedirectUris).Select(uri => new Uri(uri)));
        return client;
    }

    private static OpenIddictApplicationDescriptor Service(string name, string secret) => new()
    {
        ClientId = name,
        ClientType = ClientTypes.Confidential,
        ClientSecret = secret.Length >= MinSecretLength
            ? secret
            : throw new InvalidOperationException($"ServiceClients:{name} has less than {MinSecretLength} characters."),
        Permissions =
        {
            OpenIddictConstants.Permissions.Endpoints.Token, OpenIddictConstants.Permissions.GrantTypes.ClientCredentials,
            OpenIddictConstants.Permissions.Prefixes.Scope + ServiceDefaults.Permissions.Internal,
        },
    };
}
