using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

public class JwtBearerOptions : AuthenticationSchemeOptions
{
    public bool RequireHttpsMetadata { get; set; } = true;

    public string MetadataAddress { get; set; } = default!;

    public string? Authority { get; set; }

    public string? Audience { get; set; }

    public new JwtBearerEvents Events
    {
        get => (JwtBearerEvents)base.Events!;
        set => base.Events = value;
    }

    public HttpMessageHandler? BackchannelHttpHandler { get; set; }

    public IConfigurationManager<OpenIdConnectConfiguration>? ConfigurationManager { get; set; }

    public bool RefreshOnIssuerKeyNotFound { get; set; } = true;

    public TokenValidationParameters TokenValidationParameters { get; set; } = new();

    /// <summary>Claims under the names that the token gives them. The original can also rename them, which this one does not do.</summary>
    public bool MapInboundClaims { get; set; } = true;
}
