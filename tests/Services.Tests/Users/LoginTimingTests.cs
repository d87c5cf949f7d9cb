using System.Globalization;
using System.Net;
using ForgeShop.Users;

namespace ForgeShop.Services.Tests;

/// <summary>The duration of a failed login does not reveal whether the account exists. With the iteration count of production.</summary>
public sealed class LoginTimingTests(ServersFixture servers)
{
    private const string Password = "Correct-Horse-1";
    private const int Samples = 9;

    private int _asked;

    private static async Task<string> Register(RunningService<UsersDb> users)
    {
        var email = $"timing-{Guid.NewGuid():N}@example.com";
        (await users.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password }))
            .ShouldBe(HttpStatusCode.Created);
        return email;
    }

    /// <summary>
    /// An answer without the slow hash would be several times faster. All kinds are measured in turn, so other load affects all of them,
    /// and only compared with each other.
    /// </summary>
    [Fact]
    public async Task Failed_login_takes_the_same_time_for_every_cause()
    {
        await using var users = await servers.StartUsersOn(
            servers.Users.Database, ("Passwords:IterationCount", Passwords.Rounds.ToString(CultureInfo.InvariantCulture)));
        var known = await Register(users);
        var closed = await Register(users);
        var id = servers.Ids.User(closed);
        (await servers.Users.As(id).Post($"/api/v1/users/{id}/deactivate", new { })).ShouldBe(HttpStatusCode.NoContent);
        // The other instance hashes with a thousand rounds.
        var old = await Register(servers.Users);
        // Creates lazy values, the dummy hash among them.
        await Milliseconds(users, "unknown@example.com");

        var times = new Dictionary<string, List<double>> { [known] = [], [closed] = [], [old] = [], ["unknown"] = [] };
        for (var sample = 0; sample < Samples; sample++)
        {
            foreach (var (email, list) in times)
                list.Add(await Milliseconds(users, email == "unknown" ? $"unknown-{Guid.NewGuid():N}@example.com" : email));
        }

        var medians = times.ToDictionary(kind => kind.Key, kind => kind.Value.Order().ElementAt(Samples / 2));
        foreach (var kind in new[] { closed, old, "unknown" })
            (medians[kind] / medians[known])
                .ShouldBeInRange(1 / 3.0, 3,
                $"unknown, closed or old: {string.Join(", ", medians.Values.Select(median => median.ToString("0.0", CultureInfo.InvariantCulture)))} ms");
    }

    /// <summary>Each from another address, so that no attempt is throttled.</summary>
    private async Task<double> Milliseconds(RunningService<UsersDb> users, string email)
    {
        var started = TimeProvider.System.GetTimestamp();
        var answer = await users.Anonymous.LogIn(email, "Wrong-Password-1", $"198.51.100.{++_asked}");
        answer.ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant", "bad-credentials");
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }
}
