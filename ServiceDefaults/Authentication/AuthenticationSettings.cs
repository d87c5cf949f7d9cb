namespace ForgeShop.ServiceDefaults;

/// <summary>Who issues the access tokens that this service accepts, and what it presents itself with; configuration section <c>Authentication</c>.</summary>
public sealed class AuthenticationSettings
{
    public const string Section = "Authentication";

    /// <summary>The <c>iss</c> of every token. A name, not an address: nothing is fetched from it.</summary>
    public string Issuer { get; set; } = "https://forgeshop.example";

    /// <summary>The <c>aud</c> of every token.</summary>
    public string Audience { get; set; } = "forgeshop";

    /// <summary>Another identity provider's address: keys and issuer then come from its discovery document. Null: Users issues the tokens.</summary>
    public string? Authority { get; set; }

    /// <summary>Off only where the authority is on this machine, as in tests.</summary>
    public bool RequireHttps { get; set; } = true;

    /// <summary>What tokens may be signed with: ES256 if nothing else is said. Only signatures: a shared secret would let every service issue tokens.</summary>
    public string[] Algorithms { get; set; } = [];

    /// <summary>The claim that says who somebody is: <c>sub</c> has the user's ID, from <c>email</c> it is derived.</summary>
    public string UserFrom { get; set; } = "sub";

    /// <summary>
    /// With <see cref="UserFrom"/> <c>email</c>: the provider verifies every address and says nothing of it. Off, a token has to have
    /// <c>email_verified</c>; where it says <c>false</c>, nobody is anybody either way.
    /// </summary>
    public bool EmailIsVerified { get; set; }

    /// <summary>Where this service gets a token of its own.</summary>
    public Uri TokenEndpoint { get; set; } = new("https+http://users/internal/token");

    /// <summary>The name under which this service asks Users for a token of its own, to call other services' <c>/internal</c> endpoints.</summary>
    public string? ClientId { get; set; }

    public string? ClientSecret { get; set; }
}
