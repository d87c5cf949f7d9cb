using System.Net;
using ForgeShop.Users;
using Microsoft.Extensions.Time.Testing;

namespace ForgeShop.Services.Tests;

/// <summary>Failed logins: their answers, and the limit on their number.</summary>
public sealed class LoginThrottleTests(ServersFixture servers, LoginThrottleTests.Fixture fixture)
    : LoginSteps(servers), IClassFixture<LoginThrottleTests.Fixture>
{
    /// <summary>A replica of Users with a clock that stands still, so that a pause ends only when a test says so.</summary>
    public sealed class Fixture(ServersFixture servers) : IAsyncLifetime
    {
        public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

        public RunningService<UsersDb> Users { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Users = await servers.StartUsersOn(servers.Users.Database, Time);

        public ValueTask DisposeAsync() => Users.DisposeAsync();
    }

    private HttpClient Still => fixture.Users.Anonymous;

    [Fact]
    public async Task Login_with_a_wrong_password_is_answered_like_an_unknown_address()
    {
        var (email, _) = await Register();

        var wrong = await LogIn(email, "Wrong-Password-1");
        var unknown = await LogIn($"unknown-{Guid.NewGuid():N}@example.com");
        var impossible = await LogIn("no address at all");

        foreach (var answer in new[] { wrong, unknown, impossible })
            answer.ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant", "bad-credentials");
        unknown.Body.ToString().ShouldBe(wrong.Body.ToString());
        impossible.Body.ToString().ShouldBe(wrong.Body.ToString());
    }

    /// <summary>F11: a concurrent attempt does not count as a failure.</summary>
    [Fact]
    public async Task Logins_at_once_with_the_right_password_all_succeed()
    {
        var (email, _) = await Register();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => LogIn(email)));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Right_password_among_wrong_ones_at_once_forgets_the_failures()
    {
        var (email, _) = await Register();
        for (var attempt = 0; attempt < LoginThrottle.FreeAttempts - 1; attempt++)
            (await LogIn(email, "Wrong-Password-1")).ShouldBe(HttpStatusCode.BadRequest);

        (await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => LogIn(email)))).ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);

        (await LogIn(email, "Wrong-Password-1")).ShouldBe(HttpStatusCode.BadRequest);
        (await LogIn(email)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Failed_logins_slow_down_one_address_and_lock_out_no_other()
    {
        var (email, _) = await Register();
        for (var attempt = 0; attempt < LoginThrottle.FreeAttempts; attempt++)
            (await LogIn(email, "Wrong-Password-1", Still))
                .ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant", "bad-credentials");

        var next = await LogIn(email, http: Still);

        next.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-attempts");
        next.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        // The owner has another address.
        (await LogIn(email, http: Still, address: "192.0.2.7")).ShouldBe(HttpStatusCode.OK);
        // After the pause the correct password is accepted, and the failures are reset.
        fixture.Time.Advance(next.Message.Headers.RetryAfter!.Delta!.Value);
        (await LogIn(email, http: Still)).ShouldBe(HttpStatusCode.OK);
        (await LogIn(email, "Wrong-Password-1", Still)).ShouldBe(HttpStatusCode.BadRequest);
        (await LogIn(email, http: Still)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Concurrent_guesses_are_limited_for_known_and_unknown_addresses()
    {
        var (email, _) = await Register();
        foreach (var target in new[] { email, $"unknown-{Guid.NewGuid():N}@example.com" })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => LogIn(target, "Wrong-Password-1", Still)));

            answers.Count(answer => answer.Status == HttpStatusCode.BadRequest).ShouldBe(LoginThrottle.FreeAttempts);
            answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests).ShouldBe(20 - LoginThrottle.FreeAttempts);
        }
    }
}
