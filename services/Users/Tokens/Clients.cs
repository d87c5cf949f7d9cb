using static OpenIddict.Abstractions.OpenIddictConstants;

namespace ForgeShop.Users;

/// <summary>The OAuth clients: the shop's own applications, and each service with a secret in <c>ServiceClients</c>.</summary>
public static class Clients
{
    /// <summary>The first-party applications: a public client, because it cannot keep a secret on a user's machine.</summary>
    public const string Shop = "shop";

    /// <summary>The service that hosts the auditor. Only its tokens open the audit endpoints of the others.</summary>
    private const string Auditor = "reporting";

    private const int MinSecretLength = 24;

    public static IReadOnlyList<string> ScopesOf(string service) => service == Auditor
        ? [Api.Permissions.Internal, Api.Permissions.InternalAudit]
        : [Api.Permissions.Internal];

    /// <summary>
    /// Stores the clients as they are configured now, and removes those that are no longer configured; writes only differences. The caller
    /// has a transaction open, in which no other replica does the same.
    /// </summary>
    /// <exception cref="InvalidOperationException">A secret is too short.</exception>
    public static async Task StoreAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var manager = services.GetRequiredService<IOpenIddictApplicationManager>();
        var clients = services.GetRequiredService<IConfiguration>().GetSection("ServiceClients").GetChildren()
            .Where(client => client.Value is not null).Select(client => Service(client.Key, client.Value!))
            .Append(FirstParty(services.GetRequiredService<IOptions<TokenOptions>>().Value)).ToDictionary(client => client.ClientId!);
        var known = new List<object>();
        await foreach (var stored in manager.ListAsync(cancellationToken: cancellationToken))
            known.Add(stored);
        foreach (var stored in known)
        {
            if (!clients.Remove((await manager.GetClientIdAsync(stored, cancellationToken))!, out var client))
                await manager.DeleteAsync(stored, cancellationToken);
            else if (!await IsSameAsync(manager, stored, client, cancellationToken))
                await manager.UpdateAsync(stored, client, cancellationToken);
        }

        foreach (var client in clients.Values)
            await manager.CreateAsync(client, cancellationToken);
    }

    private static async Task<bool> IsSameAsync(
        IOpenIddictApplicationManager manager, object stored, OpenIddictApplicationDescriptor client, CancellationToken cancellationToken)
    {
        var old = new OpenIddictApplicationDescriptor();
        await manager.PopulateAsync(old, stored, cancellationToken);
        return (old.ClientType, old.ApplicationType, old.ConsentType) == (client.ClientType, client.ApplicationType, client.ConsentType)
            && old.Permissions.SetEquals(client.Permissions)
            && old.Requirements.SetEquals(client.Requirements)
            && old.RedirectUris.SetEquals(client.RedirectUris)
            && (client.ClientSecret is not { } secret || await manager.ValidateClientSecretAsync(stored, secret, cancellationToken));
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
            Api.Permissions.OfAdministrators.Select(scope => OpenIddictConstants.Permissions.Prefixes.Scope + scope));
        string[] loopback = ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"];
        client.RedirectUris.UnionWith(loopback.Concat(options.RedirectUris).Select(uri => new Uri(uri)));
        return client;
    }

    private static OpenIddictApplicationDescriptor Service(string name, string secret)
    {
        var client = new OpenIddictApplicationDescriptor
        {
            ClientId = name,
            ClientType = ClientTypes.Confidential,
            ClientSecret = secret.Length >= MinSecretLength
                ? secret
                : throw new InvalidOperationException($"ServiceClients:{name} has less than {MinSecretLength} characters."),
            Permissions =
            {
                OpenIddictConstants.Permissions.Endpoints.Token, OpenIddictConstants.Permissions.GrantTypes.ClientCredentials,
            },
        };
        client.Permissions.UnionWith(ScopesOf(name).Select(scope => OpenIddictConstants.Permissions.Prefixes.Scope + scope));
        return client;
    }
}
