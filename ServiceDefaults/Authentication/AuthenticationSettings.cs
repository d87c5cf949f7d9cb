namespace ForgeShop.ServiceDefaults;

/// <summary>
/// The issuer of the access tokens that this service accepts, and the service's own client credentials; configuration section
/// <c>Authentication</c>.
/// </summary>
public sealed class AuthenticationSettings
{
    public const string Section = "Authentication";

    /// <summary>
    /// The <c>iss</c> of the shop's own tokens: the public address of the gateway, without a trailing slash. Clients find the discovery
    /// document below it; services read the same document from <see cref="Users"/>.
    /// </summary>
    public string? Issuer { get; set; }

    /// <summary>The internal address of Users, which serves discovery document, keys and service tokens.</summary>
    public Uri Users { get; set; } = new("https+http://users");

    /// <summary>The <c>aud</c> of every token.</summary>
    public string Audience { get; set; } = "forgeshop";

    /// <summary>
    /// The address of another identity provider: keys and issuer then come from its discovery document. Null: Users issues the tokens.
    /// </summary>
    public string? Authority { get; set; }

    /// <summary>Whether the authority's address must be https. False only where the authority is on this machine, as in tests.</summary>
    public bool RequireHttps { get; set; } = true;

    /// <summary>
    /// The accepted signature algorithms; ES256 if empty. Asymmetric ones only: a shared secret would let every service issue tokens.
    /// </summary>
    public string[] Algorithms { get; set; } = [];

    /// <summary>The claim that identifies the user: <c>sub</c> contains the user ID; from <c>email</c> it is derived.</summary>
    public string UserFrom { get; set; } = "sub";

    /// <summary>
    /// With <see cref="UserFrom"/> <c>email</c>: true if the provider verifies every address and sends no <c>email_verified</c>. If false
    /// (default), the token must carry <c>email_verified=true</c>. A token with <c>email_verified=false</c> is refused either way.
    /// </summary>
    public bool EmailIsVerified { get; set; }

    /// <summary>The endpoint that issues tokens to this service; <c>/connect/token</c> of <see cref="Users"/> if null.</summary>
    public Uri? TokenEndpoint { get; set; }

    /// <summary>
    /// The client ID of this service for <see cref="TokenEndpoint"/>; needed to call <c>/internal</c> endpoints of other services.
    /// </summary>
    public string? ClientId { get; set; }

    /// <summary>The secret of <see cref="ClientId"/>.</summary>
    public string? ClientSecret { get; set; }
}
