using ForgeShop.Users;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Services.Tests;

/// <summary>Signing keys over the months, on a clock that a test moves.</summary>
public sealed class KeyRingTests(ServersFixture servers)
{
    private static readonly TokenOptions Options = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        private DateTimeOffset _now = now;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _now.UtcTicks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => _now += by;
    }

    private static KeyRing Ring(IServiceProvider users, TimeProvider clock, IDataProtectionProvider? protection = null) => new(
        users.GetRequiredService<IServiceScopeFactory>(), protection ?? users.GetRequiredService<IDataProtectionProvider>(),
        Microsoft.Extensions.Options.Options.Create(Options), clock, NullLogger<KeyRing>.Instance);

    private static async Task<string> Signer(KeyRing ring) => (await ring.SignerAsync(Cancellation)).Key.KeyId;

    private static async Task<List<string>> Published(KeyRing ring) => [.. new JsonWebKeySet(await ring.ReadAsync(Cancellation)).Keys.Select(key => key.Kid)];

    [Fact]
    public async Task A_key_is_published_before_it_signs_and_until_its_last_token_has_expired()
    {
        await using var users = await servers.StartUsers();
        var clock = new Clock(DateTimeOffset.UtcNow);
        using var ring = Ring(users.Services, clock);
        var first = await Signer(ring);
        (await Published(ring)).ShouldBe([first]);

        clock.Advance(Options.SigningKeyLifetime - Options.PublishAhead + TimeSpan.FromMinutes(1));
        (await Signer(ring)).ShouldBe(first);
        var both = await Published(ring);
        both.Count.ShouldBe(2, "the next one can be fetched already");
        var second = both.Single(key => key != first);

        clock.Advance(Options.PublishAhead);
        (await Signer(ring)).ShouldBe(second);
        (await Published(ring)).ShouldBe(both, "tokens signed with the first are still about");

        clock.Advance(Options.AccessTokenLifetime + TimeSpan.FromMinutes(10));
        (await Signer(ring)).ShouldBe(second);
        (await Published(ring)).ShouldBe([second]);
    }

    [Fact]
    public async Task Instances_that_begin_together_share_one_key()
    {
        await using var users = await servers.StartUsers();
        var clock = new Clock(DateTimeOffset.UtcNow);
        var rings = Enumerable.Range(0, 8).Select(_ => Ring(users.Services, clock)).ToList();

        var signers = await Task.WhenAll(rings.Select(Signer));

        signers.Distinct().ShouldHaveSingleItem();
        rings.ForEach(ring => ring.Dispose());
    }

    [Fact]
    public async Task Keys_that_cannot_be_opened_here_verify_on_and_a_new_one_signs()
    {
        await using var users = await servers.StartUsers();
        var clock = new Clock(DateTimeOffset.UtcNow);
        using var here = Ring(users.Services, clock);
        var first = await Signer(here);

        clock.Advance(TimeSpan.FromMinutes(10));
        using var elsewhere = Ring(users.Services, clock, new EphemeralDataProtectionProvider());
        var second = await Signer(elsewhere);

        second.ShouldNotBe(first);
        (await Published(elsewhere)).ShouldBe([first, second]);
    }
}
