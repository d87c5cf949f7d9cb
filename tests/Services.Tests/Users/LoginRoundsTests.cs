using System.Buffers.Binary;
using System.Net;
using ForgeShop.Users;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;

namespace ForgeShop.Services.Tests;

/// <summary>A failed login does the same work whether the account exists or not, so its duration does not reveal the cause.</summary>
public sealed class LoginRoundsTests(ServersFixture servers)
{
    private const int Rounds = 2000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<string> Register(string? hash = null)
    {
        var email = $"rounds-{Guid.NewGuid():N}@example.com";
        (await servers.Users.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = "Correct-Horse-1" }))
            .ShouldBe(HttpStatusCode.Created);
        if (hash is not null)
            await servers.Users.Database.Scalar<bool>(
                "update users set password_hash = $2 where id = $1 returning true", servers.Ids.User(email).Value, hash);
        return email;
    }

    private async Task<LoginResult> LogIn(Passwords passwords, string email)
    {
        await using var scope = servers.Users.Services.CreateAsyncScope();
        var login = ActivatorUtilities.CreateInstance<PasswordLogin>(scope.ServiceProvider, passwords);
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        http.Connection.RemoteIpAddress = IPAddress.Loopback;
        return await login.LogInAsync(new OpenIddictRequest { Username = email, Password = "Wrong-Password-1" }, http, Cancellation);
    }

    [Fact]
    public async Task Failed_login_computes_the_same_rounds_for_every_cause()
    {
        var hasher = new CountingHasher();
        using var passwords = new Passwords(hasher, Options.Create(new PasswordHasherOptions { IterationCount = Rounds }));
        var hash = await passwords.HashAsync("Correct-Horse-1", Cancellation);
        var (known, closed) = (await Register(hash), await Register(hash));
        var id = servers.Ids.User(closed);
        (await servers.Users.As(id).Post($"/api/v1/users/{id}/deactivate", new { })).ShouldBe(HttpStatusCode.NoContent);
        // The running instance hashed it with fewer rounds.
        var old = await Register();

        foreach (var email in new[] { known, closed, old, $"unknown-{Guid.NewGuid():N}@example.com", "no address" })
        {
            hasher.Verified = 0;
            (await LogIn(passwords, email)).ShouldBe(new LoginResult(null), email);
            hasher.Verified.ShouldBe(Rounds, email);
        }
    }

    /// <summary>The framework's hasher, with a sum of the iteration counts of the hashes that it verified.</summary>
    private sealed class CountingHasher : IPasswordHasher<User>
    {
        private readonly PasswordHasher<User> _inner = new(Options.Create(new PasswordHasherOptions { IterationCount = Rounds }));

        public long Verified { get; set; }

        public string HashPassword(User user, string password) => _inner.HashPassword(user, password);

        public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword)
        {
            Verified += BinaryPrimitives.ReadUInt32BigEndian(Convert.FromBase64String(hashedPassword).AsSpan(5));
            return _inner.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
