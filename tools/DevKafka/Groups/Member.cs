using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Groups;

/// <summary>An assignment strategy that a member offers, with the member's subscription in the format of that strategy.</summary>
internal sealed record GroupProtocol(string Name, byte[] Metadata);

/// <summary>The client behind a member, for its ID and for DescribeGroups.</summary>
internal sealed record GroupClient(string Id, string Host);

/// <summary>What a consumer sends to join a group.</summary>
internal sealed record JoinRequest(
    string GroupId,
    TimeSpan SessionTimeout,
    TimeSpan RebalanceTimeout,
    string MemberId,
    string ProtocolType,
    List<GroupProtocol> Protocols);

/// <summary>The answer to JoinGroup; the members are for the leader, which assigns the partitions.</summary>
internal sealed record JoinResult(ErrorCode Error, string MemberId, int Generation, string Protocol, string LeaderId, List<Member> Members)
{
    public static JoinResult Refused(ErrorCode error, string memberId) => new(error, memberId, -1, string.Empty, string.Empty, []);
}

/// <summary>The answer to SyncGroup: the partitions of the member, in the format of the assignment strategy.</summary>
internal sealed record SyncResult(ErrorCode Error, byte[] Assignment);

/// <summary>A consumer in a group. The group's lock guards it.</summary>
internal sealed class Member(string id, GroupClient client, ITimer sessionTimer)
{
    private TaskCompletionSource<JoinResult>? _join;
    private TaskCompletionSource<SyncResult>? _sync;
    private DateTimeOffset _sessionDeadline;

    public string Id => id;

    public GroupClient Client => client;

    /// <summary>Gets or sets the last request of the member to join.</summary>
    public required JoinRequest Request { get; set; }

    public byte[] Assignment { get; set; } = [];

    /// <summary>Gets whether a JoinGroup request of the member waits for the other members.</summary>
    public bool IsJoining => _join is not null;

    /// <summary>Gets whether a SyncGroup request of the member waits for the leader's assignment.</summary>
    public bool IsSyncing => _sync is not null;

    public Task<JoinResult> WaitForJoin()
    {
        CompleteJoin(JoinResult.Refused(ErrorCode.RebalanceInProgress, id)); // a repeated request replaces the earlier one
        _join = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _join.Task;
    }

    public Task<SyncResult> WaitForSync()
    {
        CompleteSync(ErrorCode.RebalanceInProgress);
        _sync = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _sync.Task;
    }

    public void CompleteJoin(JoinResult result)
    {
        _join?.TrySetResult(result);
        _join = null;
    }

    public void CompleteSync(ErrorCode error)
    {
        _sync?.TrySetResult(new(error, error == ErrorCode.None ? Assignment : []));
        _sync = null;
    }

    /// <summary>Restarts the session time-out.</summary>
    public void RenewSession(DateTimeOffset now)
    {
        _sessionDeadline = now + Request.SessionTimeout;
        sessionTimer.Change(Request.SessionTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Returns whether the session has timed out; sets the timer again if it fired early, or during a renewal.</summary>
    public bool HasTimedOut(DateTimeOffset now)
    {
        var remaining = _sessionDeadline - now;
        if (remaining > TimeSpan.Zero)
            sessionTimer.Change(remaining + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        return remaining <= TimeSpan.Zero;
    }

    /// <summary>Ends the membership; waiting requests are answered.</summary>
    public void End()
    {
        sessionTimer.Dispose();
        CompleteJoin(JoinResult.Refused(ErrorCode.UnknownMemberId, id));
        CompleteSync(ErrorCode.UnknownMemberId);
    }

    public bool Supports(string protocol) => Request.Protocols.Any(offered => offered.Name == protocol);

    public byte[] MetadataFor(string protocol) => Request.Protocols.Find(offered => offered.Name == protocol)?.Metadata ?? [];

    public bool Offers(List<GroupProtocol> protocols) => Request.Protocols.Count == protocols.Count
        && Request.Protocols.Zip(protocols).All(pair => pair.First.Name == pair.Second.Name
            && pair.First.Metadata.AsSpan().SequenceEqual(pair.Second.Metadata));
}
