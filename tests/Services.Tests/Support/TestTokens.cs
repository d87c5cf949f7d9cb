using System.Net.Http.Headers;
using ForgeShop.Api;
using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using ForgeShop.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Access tokens for the users that a test names, signed with the real key of a running Users service. Only the password is left out, which
/// would cost every test a tenth of a second; the tests of Users log in properly.
/// </summary>
public sealed class TestTokens(IServiceProvider users)
{
    /// <summary>The issuer that all services of these tests are configured with.</summary>
    public const string Issuer = "https://forgeshop.example";

    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    public static UserId Administrator { get; } = new ForgeIds().User("administrator@example.com");

    public Task<string> OfAdministrator() => With(Administrator, [.. Permissions.OfAdministrators]);

    public Task<string> OfCustomer(UserId user) => With(user, [.. Permissions.OfCustomers]);

    public Task<string> OfService(string name = "tests") => Task.FromResult(Issue(users, name, [Permissions.Internal], _ => { }));

    /// <summary>The token of Reporting, which hosts the auditor.</summary>
    public Task<string> OfAuditor() =>
        Task.FromResult(Issue(users, "reporting", [Permissions.Internal, Permissions.InternalAudit], _ => { }));

    public Task<string> With(UserId user, params string[] permissions) =>
        Task.FromResult(Issue(users, user.ToString(), permissions, _ => { }));

    /// <summary>Gets the key that signs now.</summary>
    public static SigningCredentials Signer(IServiceProvider users) => users.GetRequiredService<SigningKeys>().Published[0];

    /// <summary>Issues an access token as OpenIddict writes it, but for one change.</summary>
    public static string Issue(
        IServiceProvider users, string subject, IEnumerable<string> permissions, Action<SecurityTokenDescriptor> change)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var token = new SecurityTokenDescriptor
        {
            TokenType = "at+jwt",
            Issuer = Issuer,
            Audience = new AuthenticationSettings().Audience,
            IssuedAt = now,
            Expires = now.AddMinutes(10),
            Claims = new Dictionary<string, object> { ["sub"] = subject, ["jti"] = Guid.NewGuid().ToString(),
                ["scope"] = string.Join(' ', permissions) },
            SigningCredentials = Signer(users),
        };
        change(token);
        return Handler.CreateToken(token);
    }
}

/// <summary>Requests carry a token, unless a test gives them one itself.</summary>
public sealed class BearerHandler(Func<Task<string?>> token, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Headers.Contains("Authorization") && await token() is { } text)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", text);
        return await base.SendAsync(request, cancellationToken);
    }
}
