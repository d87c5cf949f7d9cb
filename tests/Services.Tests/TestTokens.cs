using System.Collections.Concurrent;
using System.Net.Http.Headers;
using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using ForgeShop.Users;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Access tokens for whomever a test names, issued by a running Users service with its real key. Only the password is left out, which
/// would cost every test a tenth of a second; the tests of Users log in properly.
/// </summary>
public sealed class TestTokens(IServiceProvider users)
{
    private readonly ConcurrentDictionary<UserId, Task<string>> _customers = new();
    private readonly Lazy<Task<string>> _administrator = new(() =>
        users.GetRequiredService<AccessTokens>().ForUserAsync(Administrator, default, Permissions.OfAdministrators, default));

    private AccessTokens Tokens => users.GetRequiredService<AccessTokens>();

    public static UserId Administrator { get; } = new ForgeIds().User("administrator@example.com");

    public Task<string> OfAdministrator() => _administrator.Value;

    public Task<string> OfCustomer(UserId user) =>
        _customers.GetOrAdd(user, id => Tokens.ForUserAsync(id, default, Permissions.OfCustomers, default));

    public Task<string> OfService(string name = "tests") => Tokens.ForServiceAsync(name, default);

    public Task<string> With(UserId user, params string[] permissions) => Tokens.ForUserAsync(user, default, permissions, default);
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
