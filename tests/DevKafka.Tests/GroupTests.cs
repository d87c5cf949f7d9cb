using Microsoft.Extensions.Time.Testing;

namespace ForgeShop.DevKafka.Tests;

/// <summary>The time-outs of consumer groups, by a clock that the test advances.</summary>
public sealed class GroupTests
{
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RebalanceTimeout = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Group _group;

    public GroupTests()
    {
        Console.SetError(TextWriter.Null); // discards the warnings of the broker's code in this process
        _group = new("group", _time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Session_is_renewed_by_a_heartbeat_and_ends_after_its_timeout()
    {
        var (member, generation) = await JoinAndSyncAsync();
        AdvanceAndApply(SessionTimeout - TimeSpan.FromTicks(1));
        _group.Check(member, generation).ShouldBe(ErrorCode.None);
        AdvanceAndApply(SessionTimeout - TimeSpan.FromTicks(1));
        _group.Check(member, generation).ShouldBe(ErrorCode.None);

        AdvanceAndApply(SessionTimeout);

        _group.Check(member, generation).ShouldBe(ErrorCode.UnknownMemberId);
    }

    [Fact]
    public async Task Member_that_waits_for_a_join_keeps_its_session()
    {
        var (first, generation) = await JoinAndSyncAsync();
        var joining = JoinAsync();
        for (var elapsed = TimeSpan.Zero; elapsed < SessionTimeout * 3; elapsed += TimeSpan.FromSeconds(1))
        {
            AdvanceAndApply(TimeSpan.FromSeconds(1));
            _group.Check(first, generation).ShouldBe(ErrorCode.RebalanceInProgress);
        }

        joining.IsCompleted.ShouldBeFalse("the first member has not joined again");
        var again = await JoinAsync(first);
        (await joining).Generation.ShouldBe(again.Generation);
        again.Generation.Members.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Member_that_does_not_join_again_is_removed_after_the_rebalance_timeout()
    {
        var (first, generation) = await JoinAndSyncAsync();
        var joining = JoinAsync();
        for (var elapsed = TimeSpan.Zero; elapsed < RebalanceTimeout; elapsed += TimeSpan.FromSeconds(1))
        {
            joining.IsCompleted.ShouldBeFalse();
            _group.Check(first, generation).ShouldBe(ErrorCode.RebalanceInProgress);
            AdvanceAndApply(TimeSpan.FromSeconds(1));
        }

        var (error, member, next) = await joining.WaitAsync(Eventually.DefaultTimeout, Token);
        error.ShouldBe(ErrorCode.None);
        next.LeaderId.ShouldBe(member);
        next.Members.ShouldHaveSingleItem().Id.ShouldBe(member);
        _group.Check(first, generation).ShouldBe(ErrorCode.UnknownMemberId);
    }

    [Fact]
    public async Task Leader_that_does_not_assign_partitions_causes_another_rebalance()
    {
        var (leader, _) = await JoinAndSyncAsync();
        var joining = JoinAsync();
        await JoinAsync(leader);
        var (_, follower, generation) = await joining;
        var syncing = _group.SyncAsync(follower, generation.Number, [], Token);
        for (var elapsed = TimeSpan.Zero; elapsed < RebalanceTimeout; elapsed += TimeSpan.FromSeconds(1))
        {
            syncing.IsCompleted.ShouldBeFalse();
            _group.Check(leader, generation.Number).ShouldBe(ErrorCode.None);
            AdvanceAndApply(TimeSpan.FromSeconds(1));
        }

        (await syncing.WaitAsync(Eventually.DefaultTimeout, Token)).Error.ShouldBe(ErrorCode.RebalanceInProgress);
    }

    private void AdvanceAndApply(TimeSpan duration)
    {
        _time.Advance(duration);
        _group.ApplyTimeouts();
    }

    private Task<(ErrorCode Error, string MemberId, Generation Generation)> JoinAsync(string memberId = "")
    {
        var member = new Member(memberId, SessionTimeout, RebalanceTimeout, "consumer", new() { ["range"] = [] });
        return _group.JoinAsync(member, "client", Token);
    }

    private async Task<(string MemberId, int Generation)> JoinAndSyncAsync()
    {
        var (_, memberId, generation) = await JoinAsync();
        (await _group.SyncAsync(memberId, generation.Number, [], Token)).Error.ShouldBe(ErrorCode.None);
        return (memberId, generation.Number);
    }
}
