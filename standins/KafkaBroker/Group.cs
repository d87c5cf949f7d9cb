using System.Globalization;

namespace ForgeShop.StandIns.KafkaBrokerProgram;

internal sealed record GroupProtocol(string Name, byte[] Metadata);

internal sealed record JoinResult(Error Error, string MemberId, int Generation, string Protocol, string Leader, IReadOnlyList<JoinedMember> Members)
{
    public static JoinResult Refused(Error error, string memberId) => new(error, memberId, -1, string.Empty, string.Empty, []);
}

internal sealed record JoinedMember(string Id, byte[] Metadata);

internal sealed record SyncResult(Error Error, byte[] Assignment);

internal sealed record CommittedOffset(long Offset, string? Metadata);

/// <summary>
/// One consumer group: its members join, the first of them is given the list and deals out the partitions, all of them fetch
/// their share, and so again whenever somebody comes or goes. The caller holds the lock.
/// </summary>
internal sealed class Group(TimeProvider time)
{
    /// <summary>A new group waits a moment for more members, lest the second one cause a second round.</summary>
    private static readonly TimeSpan FirstRound = TimeSpan.FromMilliseconds(50);

    // Kafka's defaults: group.min.session.timeout.ms, group.max.session.timeout.ms
    private static readonly TimeSpan ShortestSession = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan LongestSession = TimeSpan.FromMinutes(30);

    private readonly List<Member> members = []; // the first one leads
    private State state = State.Empty;
    private int generation;
    private string protocol = string.Empty;
    private long roundEndsBy;
    private long roundEndsNotBefore;

    private enum State
    {
        Empty,
        Joining,
        Syncing,
        Stable,
    }

    public Dictionary<(string Topic, int Partition), CommittedOffset> Offsets { get; } = [];

    /// <summary>A commit with a generation is good only from a member of it; one without, only while the group is empty.</summary>
    public static Error MayCommit(Group? group, string memberId, int generation)
    {
        if (generation < 0 && (group is null || group.state == State.Empty))
            return Error.None;
        if (group is null)
            return Error.IllegalGeneration;
        var error = group.Check(memberId, generation);
        return error == Error.None && group.state == State.Syncing ? Error.RebalanceInProgress : error;
    }

    public Task<JoinResult> Join(string memberId, TimeSpan session, TimeSpan rebalance, IReadOnlyList<GroupProtocol> protocols)
    {
        var member = members.Find(one => one.Id == memberId);
        if (member is null && memberId.Length > 0)
            return Task.FromResult(JoinResult.Refused(Error.UnknownMemberId, memberId));
        if (session < ShortestSession || session > LongestSession)
            return Task.FromResult(JoinResult.Refused(Error.InvalidSessionTimeout, memberId));
        var others = members.Where(one => one != member).ToList();
        if (!protocols.Any(protocol => others.TrueForAll(one => one.Supports(protocol.Name))))
            return Task.FromResult(JoinResult.Refused(Error.InconsistentGroupProtocol, memberId));

        if (member is null)
        {
            member = new Member("member-" + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture));
            members.Add(member);
        }
        else if (state == State.Stable && member != members[0] && member.SameProtocols(protocols))
        {
            return Task.FromResult(Result(member)); // it lost the answer, nothing has changed
        }

        (member.Session, member.Rebalance, member.Protocols) = (session, rebalance, protocols);
        Touch(member);
        member.Joining?.TrySetResult(JoinResult.Refused(Error.RebalanceInProgress, member.Id));
        var joining = member.Joining = new(TaskCreationOptions.RunContinuationsAsynchronously);
        StartRound();
        EndRoundIfDue();
        return joining.Task;
    }

    public Task<SyncResult> Sync(string memberId, int ofGeneration, IReadOnlyDictionary<string, byte[]> assignments)
    {
        var error = Check(memberId, ofGeneration);
        if (error == Error.None && state == State.Joining)
            error = Error.RebalanceInProgress;
        if (error != Error.None)
            return Task.FromResult(new SyncResult(error, []));

        var member = members.Find(one => one.Id == memberId)!;
        Touch(member);
        if (state == State.Stable)
            return Task.FromResult(new SyncResult(Error.None, member.Assignment));

        var syncing = member.Syncing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (member == members[0])
        {
            state = State.Stable;
            foreach (var one in members)
            {
                one.Assignment = assignments.GetValueOrDefault(one.Id) ?? [];
                Touch(one);
                one.Syncing?.TrySetResult(new(Error.None, one.Assignment));
                one.Syncing = null;
            }
        }

        return syncing.Task;
    }

    public Error Heartbeat(string memberId, int ofGeneration)
    {
        var error = Check(memberId, ofGeneration);
        if (error != Error.None)
            return error;
        Touch(members.Find(one => one.Id == memberId)!);
        return state == State.Joining ? Error.RebalanceInProgress : Error.None;
    }

    public Error Leave(string memberId)
    {
        if (members.Find(one => one.Id == memberId) is not { } member)
            return Error.UnknownMemberId;
        Remove(member);
        return Error.None;
    }

    /// <summary>The client that waited for this answer has gone.</summary>
    public void Abandon(Task answer)
    {
        if (members.Find(one => one.Syncing?.Task == answer) is { } syncing)
            syncing.Syncing = null;
        if (members.Find(one => one.Joining?.Task == answer) is not { } joining)
            return;
        joining.Joining = null;
        if (!joining.WasMember)
            Remove(joining); // it never learned its name, so it cannot come back
    }

    /// <summary>Removes members that have not been heard of within their session, and ends a round whose time is up.</summary>
    public void Sweep()
    {
        foreach (var silent in members.Where(one => one.Joining is null && one.Syncing is null && Since(one.LastHeard) > one.Session).ToList())
            Remove(silent);
        EndRoundIfDue();
    }

    private Error Check(string memberId, int ofGeneration)
    {
        if (members.All(one => one.Id != memberId))
            return Error.UnknownMemberId;
        return ofGeneration == generation ? Error.None : Error.IllegalGeneration;
    }

    private void StartRound()
    {
        if (state == State.Joining)
            return;
        foreach (var member in members)
        {
            member.Syncing?.TrySetResult(new(Error.RebalanceInProgress, []));
            member.Syncing = null;
        }

        var patience = members.Count == 0 ? TimeSpan.Zero : members.Max(one => one.Rebalance);
        roundEndsNotBefore = After(state == State.Empty ? FirstRound : TimeSpan.Zero);
        roundEndsBy = After(patience);
        state = State.Joining;
    }

    private void EndRoundIfDue()
    {
        if (state != State.Joining || time.GetTimestamp() < roundEndsNotBefore)
            return;
        var isTimeUp = time.GetTimestamp() >= roundEndsBy;
        if (!isTimeUp && members.Exists(one => one.Joining is null))
            return;

        members.RemoveAll(one => one.Joining is null); // they did not come back in time
        generation++;
        if (members.Count == 0)
        {
            state = State.Empty;
            return;
        }

        state = State.Syncing;
        protocol = members[0].Protocols.First(one => members.TrueForAll(member => member.Supports(one.Name))).Name;
        foreach (var member in members)
        {
            Touch(member);
            member.WasMember = true;
            member.Joining!.TrySetResult(Result(member));
            member.Joining = null;
        }
    }

    private JoinResult Result(Member member)
    {
        var all = member == members[0] ? members.Select(one => new JoinedMember(one.Id, one.MetadataFor(protocol))).ToList() : [];
        return new(Error.None, member.Id, generation, protocol, members[0].Id, all);
    }

    private void Remove(Member member)
    {
        if (!members.Remove(member))
            return;
        member.Joining?.TrySetResult(JoinResult.Refused(Error.UnknownMemberId, member.Id));
        member.Syncing?.TrySetResult(new(Error.UnknownMemberId, []));
        StartRound();
        EndRoundIfDue();
    }

    private void Touch(Member member) => member.LastHeard = time.GetTimestamp();

    private TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp);

    private long After(TimeSpan delay) => time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);

    private sealed class Member(string id)
    {
        public string Id { get; } = id;

        public bool WasMember { get; set; }

        public TimeSpan Session { get; set; }

        public TimeSpan Rebalance { get; set; }

        public IReadOnlyList<GroupProtocol> Protocols { get; set; } = [];

        public byte[] Assignment { get; set; } = [];

        public long LastHeard { get; set; }

        public TaskCompletionSource<JoinResult>? Joining { get; set; }

        public TaskCompletionSource<SyncResult>? Syncing { get; set; }

        public bool Supports(string protocol) => Protocols.Any(one => one.Name == protocol);

        public bool SameProtocols(IReadOnlyList<GroupProtocol> others) =>
            Protocols.Count == others.Count
            && Protocols.Zip(others).All(pair => pair.First.Name == pair.Second.Name && pair.First.Metadata.AsSpan().SequenceEqual(pair.Second.Metadata));

        public byte[] MetadataFor(string protocol) => Protocols.First(one => one.Name == protocol).Metadata;
    }
}
