using ForgeShop.Users;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ForgeShop.Services.Tests;

/// <summary>Signing keys over the months, on a clock that a test moves.</summary>
public sealed class SigningKeysTests(ServersFixture servers)
{
    private static readonly TokenOptions Options = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        private DateTimeOffset _now = now;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;
    }

    private static SigningKeys Keys(IServiceProvider users, TimeProvider clock, IDataProtectionProvider? protection = null) => new(
        users.GetRequiredService<IServiceScopeFactory>(), protection ?? users.GetRequiredService<IDataProtectionProvider>(),
        Microsoft.Extensions.Options.Options.Create(Options), clock, NullLogger<SigningKeys>.Instance);

    private static async Task<List<string>> Published(SigningKeys keys)
    {
        await keys.RefreshAsync(Cancellation);
        return [.. keys.Published.Select(key => key.Kid)];
    }

    [Fact]
    public async Task Rotation_publishes_a_key_before_it_signs_and_until_its_tokens_expire()
    {
        await using var users = await servers.StartUsers();
        var clock = new Clock(TimeProvider.System.GetUtcNow());
        var keys = Keys(users.Services, clock);
        var first = (await Published(keys)).ShouldHaveSingleItem();
        var changes = 0;
        using var watch = Microsoft.Extensions.Primitives.ChangeToken.OnChange(keys.GetChangeToken, () => changes++);

        clock.Advance(Options.SigningKeyLifetime - Options.PublishAhead + TimeSpan.FromMinutes(1));
        var both = await Published(keys);
        both.Count.ShouldBe(2);
        both[0].ShouldBe(first);

        clock.Advance(Options.PublishAhead);
        (await Published(keys)).ShouldBe([both[1], first]);

        clock.Advance(Options.AccessTokenLifetime + TimeSpan.FromMinutes(10));
        (await Published(keys)).ShouldBe([both[1]]);
        changes.ShouldBe(3);
    }

    [Fact]
    public async Task Replicas_that_start_together_share_one_key()
    {
        await using var users = await servers.StartUsers();
        var clock = new Clock(TimeProvider.System.GetUtcNow());
        var replicas = Enumerable.Range(0, 8).Select(_ => Keys(users.Services, clock)).ToList();

        var published = await Task.WhenAll(replicas.Select(Published));

        published.SelectMany(keys => keys).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Key_that_cannot_be_decrypted_still_verifies_and_a_new_one_signs()
    {
        await using var users = await servers.StartUsers();
        var clock = new Clock(TimeProvider.System.GetUtcNow());
        var first = (await Published(Keys(users.Services, clock))).Single();

        clock.Advance(TimeSpan.FromMinutes(10));
        var elsewhere = await Published(Keys(users.Services, clock, new EphemeralDataProtectionProvider()));

        elsewhere.Count.ShouldBe(2);
        elsewhere[0].ShouldNotBe(first);
        elsewhere[1].ShouldBe(first);
    }

    [Fact]
    public async Task Key_that_signs_stays_when_a_later_one_cannot_be_decrypted()
    {
        await using var users = await servers.StartUsers();
        var clock = new Clock(TimeProvider.System.GetUtcNow());
        var here = Keys(users.Services, clock);
        var signer = (await Published(here)).Single();
        clock.Advance(TimeSpan.FromMinutes(10));
        var other = (await Published(Keys(users.Services, clock, new EphemeralDataProtectionProvider())))[0];

        clock.Advance(Options.AccessTokenLifetime + TimeSpan.FromMinutes(10));

        (await Published(here)).ShouldBe([signer, other]);
    }
}
