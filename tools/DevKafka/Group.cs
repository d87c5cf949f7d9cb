namespace ForgeShop.DevKafka;

/// <summary>A consumer in a group, as its last JoinGroup request describes it.</summary>
/// <param name="Protocols">The assignment strategies that the member supports, each with its subscription in their format.</param>
internal sealed record Member(
    string Id, TimeSpan SessionTimeout, TimeSpan RebalanceTimeout, string ProtocolType, OrderedDictionary<string, byte[]> Protocols)
{
    public long LastRequest { get; set; }

    /// <summary>Gets or sets whether a request waits for a phase of a rebalance. Meanwhile the member sends no heartbeats.</summary>
    public bool IsWaiting { get; set; }
}

/// <summary>The members between two rebalances, and a protocol that they all support. The leader assigns the partitions.</summary>
internal sealed record Generation(int Number, string Protocol, string LeaderId, List<(string Id, byte[] Metadata)> Members)
{
    public static Generation None { get; } = new(-1, string.Empty, string.Empty, []);
}

/// <summary>A consumer group, in memory. In a rebalance all members join for a generation; then the leader assigns partitions.</summary>
internal sealed class Group(string id, TimeProvider time)
{
    private readonly OrderedDictionary<string, Member> _members = new(StringComparer.Ordinal);
    private State _state;
    private long _phaseStart;
    private Generation _generation = Generation.None with { Number = 0 };

    // Requests wait here for the two phases of a rebalance. Null instead of assigned partitions means another rebalance.
    private TaskCompletionSource<Generation> _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<Dictionary<string, byte[]>?> _assigned = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private enum State { Empty, PreparingRebalance, CompletingRebalance, Stable }

    /// <summary>Adds a member or confirms it, and returns the generation that the rebalance leads to.</summary>
    public async Task<(ErrorCode Error, string MemberId, Generation Generation)> JoinAsync(
        Member member, string clientId, CancellationToken stopping)
    {
        var others = _members.Values.Where(other => other.Id != member.Id).ToList();
        var isConsistent = others.TrueForAll(other => other.ProtocolType == member.ProtocolType)
            && member.Protocols.Keys.Any(protocol => others.TrueForAll(other => other.Protocols.ContainsKey(protocol)));
        if (!isConsistent)
            return (ErrorCode.InconsistentGroupProtocol, member.Id, Generation.None);
        if (member.Id.Length == 0)
            member = member with { Id = $"{clientId}-{Guid.NewGuid()}" };
        else if (!_members.ContainsKey(member.Id))
            return (ErrorCode.UnknownMemberId, member.Id, Generation.None);
        Rebalance(joining: member);
        var generation = await _joined.Task.WaitAsync(stopping);
        var isMember = generation.Members.Exists(joined => joined.Id == member.Id);
        return (isMember ? ErrorCode.None : ErrorCode.UnknownMemberId, member.Id, generation);
    }

    /// <summary>Returns the partitions of the member when the leader has assigned them.</summary>
    public async Task<(ErrorCode Error, byte[] Assignment)> SyncAsync(
        string memberId, int generation, Dictionary<string, byte[]> assignments, CancellationToken stopping)
    {
        var error = Check(memberId, generation);
        if (error != ErrorCode.None)
            return (error, []);
        var assigned = _assigned;
        _members[memberId].IsWaiting = _state == State.CompletingRebalance;
        if (_state == State.CompletingRebalance && memberId == _generation.LeaderId)
        {
            StartPhase(State.Stable);
            assigned.SetResult(assignments);
        }
        var all = await assigned.Task.WaitAsync(stopping);
        return all is null ? (ErrorCode.RebalanceInProgress, []) : (ErrorCode.None, all.GetValueOrDefault(memberId, []));
    }

    public ErrorCode Leave(string memberId)
    {
        if (!_members.Remove(memberId))
            return ErrorCode.UnknownMemberId;
        Rebalance();
        return ErrorCode.None;
    }

    /// <summary>
    /// Checks that a request is from a member of this generation, and renews the member's session. While the group is empty, clients
    /// outside it may commit offsets. In the first phase of a rebalance, members commit the offsets of the partitions that they give up.
    /// </summary>
    public ErrorCode Check(string memberId, int generation, bool isCommit = false)
    {
        if (isCommit && generation < 0 && memberId.Length == 0 && _members.Count == 0)
            return ErrorCode.None;
        if (!_members.TryGetValue(memberId, out var member))
            return ErrorCode.UnknownMemberId;
        if (generation != _generation.Number)
            return ErrorCode.IllegalGeneration;
        member.LastRequest = time.GetTimestamp();
        var refusing = isCommit ? State.CompletingRebalance : State.PreparingRebalance;
        return _state == refusing ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    /// <summary>Removes members whose session has timed out, and ends a phase of a rebalance that takes too long.</summary>
    public void ApplyTimeouts()
    {
        bool HasTimedOut(Member member) => !member.IsWaiting && time.GetElapsedTime(member.LastRequest) >= member.SessionTimeout;
        foreach (var member in _members.Values.Where(HasTimedOut).ToList())
        {
            Console.Error.WriteLine($"warning: Session of member {member.Id} timed out; group {id} rebalances");
            Leave(member.Id);
        }
        var isLate = _members.Values.All(member => time.GetElapsedTime(_phaseStart) >= member.RebalanceTimeout);
        if (isLate && _state == State.PreparingRebalance)
            StartGeneration();
        else if (isLate && _state == State.CompletingRebalance)
            Rebalance();
    }

    /// <summary>Starts a rebalance, unless one is in its first phase. That phase ends when all members have joined.</summary>
    private void Rebalance(Member? joining = null)
    {
        if (_state != State.PreparingRebalance)
        {
            StartPhase(State.PreparingRebalance);
            _assigned.TrySetResult(null);
            _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _assigned = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        if (joining is not null)
            (_members[joining.Id], joining.IsWaiting) = (joining, true);
        if (_members.Values.All(member => member.IsWaiting))
            StartGeneration();
    }

    /// <summary>Ends the first phase; members that have not joined again are removed.</summary>
    private void StartGeneration()
    {
        foreach (var member in _members.Values.Where(member => !member.IsWaiting).ToList())
            _members.Remove(member.Id);
        var members = _members.Values.ToList();
        var offered = members.FirstOrDefault()?.Protocols.Keys ?? Enumerable.Empty<string>();
        var protocol = offered.FirstOrDefault(name => members.TrueForAll(member => member.Protocols.ContainsKey(name)), string.Empty);
        var leaderId = _members.ContainsKey(_generation.LeaderId) ? _generation.LeaderId : _members.Keys.FirstOrDefault(string.Empty);
        _generation = new(
            _generation.Number + 1, protocol, leaderId, members.ConvertAll(member => (member.Id, member.Protocols[protocol])));
        StartPhase(members.Count == 0 ? State.Empty : State.CompletingRebalance);
        _joined.SetResult(_generation);
    }

    /// <summary>Starts a phase. The requests that wait for it are answered, so that the sessions of their members count again.</summary>
    private void StartPhase(State state)
    {
        (_state, _phaseStart) = (state, time.GetTimestamp());
        foreach (var member in _members.Values.Where(member => member.IsWaiting))
            (member.IsWaiting, member.LastRequest) = (false, _phaseStart);
    }
}
