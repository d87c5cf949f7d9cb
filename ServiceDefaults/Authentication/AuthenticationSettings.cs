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

    /// <summary>The name under which this service asks Users for a token of its own, to call other services' <c>/internal</c> endpoints.</summary>
    public string? ClientId { get; set; }

    public string? ClientSecret { get; set; }
}
