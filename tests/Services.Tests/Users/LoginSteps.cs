using System.Net;
using ForgeShop.Contracts;

namespace ForgeShop.Services.Tests;

/// <summary>Registers and logs in users for tests of the password grant.</summary>
public abstract class LoginSteps(ServersFixture servers)
{
    protected const string Password = "Correct-Horse-1";

    protected ServersFixture Servers => servers;

    protected HttpClient Http => Servers.Users.Anonymous;

    protected async Task<(string Email, UserId Id)> Register(string password = Password)
    {
        var email = $"login-{Guid.NewGuid():N}@example.com";
        (await Http.Post("/api/v1/users", new { email, name = "Ada Lovelace", password })).ShouldBe(HttpStatusCode.Created);
        return (email, Servers.Ids.User(email));
    }

    // Each test has an address of its own, so its failed logins slow down no other test.
    protected string Address { get; } = $"2001:db8:{Random.Shared.Next(1, 0xffff):x}:{Random.Shared.Next(1, 0xffff):x}::1";

    protected Task<Answer> LogIn(string email, string password = Password, HttpClient? http = null, string? address = null) =>
        (http ?? Http).LogIn(email, password, address ?? Address);
}
