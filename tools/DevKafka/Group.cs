namespace ForgeShop.DevKafka;

/// <summary>A JoinGroup request. A protocol is an assignment strategy, with the member's subscription in its format.</summary>
internal sealed record JoinRequest(
    string MemberId, TimeSpan SessionTimeout, TimeSpan RebalanceTimeout, string ProtocolType, OrderedDictionary<string, byte[]> Protocols);

/// <summary>The members of a group between two rebalances, and the protocol that they all support. The leader assigns the partitions.</summary>
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

    // Requests wait here for the two phases of a rebalance. Null instead of assigned partitions stands for another rebalance.
    private TaskCompletionSource<Generation> _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<Dictionary<string, byte[]>?> _assigned = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private enum State { Empty, PreparingRebalance, CompletingRebalance, Stable }

    /// <summary>Adds a member or confirms it, and returns the generation that the rebalance leads to.</summary>
    public async Task<(ErrorCode Error, string MemberId, Generation Generation)> JoinAsync(
        JoinRequest request, string clientId, CancellationToken stopping)
    {
        var others = _members.Values.Select(member => member.Request).Where(other => other.MemberId != request.MemberId).ToList();
        var isConsistent = others.TrueForAll(other => other.ProtocolType == request.ProtocolType)
            && request.Protocols.Keys.Any(protocol => others.TrueForAll(other => other.Protocols.ContainsKey(protocol)));
        if (!isConsistent)
            return (ErrorCode.InconsistentGroupProtocol, request.MemberId, Generation.None);
        if (request.MemberId.Length == 0)
            request = request with { MemberId = $"{clientId}-{Guid.NewGuid()}" };
        else if (!_members.ContainsKey(request.MemberId))
            return (ErrorCode.UnknownMemberId, request.MemberId, Generation.None);
        _members[request.MemberId] = new(request);
        StartRebalance();
        _members[request.MemberId].IsWaiting = true;
        StartGenerationIfJoined();
        var generation = await _joined.Task.WaitAsync(stopping);
        var isMember = generation.Members.Exists(member => member.Id == request.MemberId);
        return (isMember ? ErrorCode.None : ErrorCode.UnknownMemberId, request.MemberId, generation);
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
        StartRebalance();
        StartGenerationIfJoined();
        return ErrorCode.None;
    }

    /// <summary>
    /// Checks that a request is from a member of this generation, and renews the member's session. While the group is empty, clients outside
    /// it may commit offsets. In the first phase of a rebalance, members commit the offsets of the partitions that they give up.
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
        return _state == (isCommit ? State.CompletingRebalance : State.PreparingRebalance) ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    /// <summary>Removes members whose session has timed out, and ends a phase of a rebalance that takes too long.</summary>
    public void ApplyTimeouts()
    {
        foreach (var member in _members.Values.Where(HasTimedOut).ToList())
        {
            Console.Error.WriteLine($"warning: Session of member {member.Request.MemberId} timed out; group {id} rebalances");
            Leave(member.Request.MemberId);
        }
        var isLate = _members.Values.All(member => time.GetElapsedTime(_phaseStart) >= member.Request.RebalanceTimeout);
        if (isLate && _state == State.PreparingRebalance)
            StartGeneration();
        else if (isLate && _state == State.CompletingRebalance)
            StartRebalance();
    }

    private bool HasTimedOut(Member member) =>
        !member.IsWaiting && time.GetElapsedTime(member.LastRequest) >= member.Request.SessionTimeout;

    /// <summary>Starts a rebalance, unless one is in its first phase: all members join again, those too that wait for partitions.</summary>
    private void StartRebalance()
    {
        if (_state == State.PreparingRebalance)
            return;
        StartPhase(State.PreparingRebalance);
        _assigned.TrySetResult(null);
        _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _assigned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private void StartGenerationIfJoined()
    {
        if (_members.Values.All(member => member.IsWaiting))
            StartGeneration();
    }

    /// <summary>Ends the first phase; members that have not joined again are removed.</summary>
    private void StartGeneration()
    {
        foreach (var member in _members.Values.Where(member => !member.IsWaiting).ToList())
            _members.Remove(member.Request.MemberId);
        var requests = _members.Values.Select(member => member.Request).ToList();
        var offered = requests.FirstOrDefault()?.Protocols.Keys ?? Enumerable.Empty<string>();
        var protocol = offered.FirstOrDefault(name => requests.TrueForAll(request => request.Protocols.ContainsKey(name)), string.Empty);
        var leaderId = _members.ContainsKey(_generation.LeaderId) ? _generation.LeaderId : _members.Keys.FirstOrDefault(string.Empty);
        var members = requests.ConvertAll(request => (request.MemberId, request.Protocols[protocol]));
        _generation = new(_generation.Number + 1, protocol, leaderId, members);
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

    /// <summary>A consumer in the group. It sends no heartbeats while a request of it waits.</summary>
    private sealed class Member(JoinRequest request)
    {
        public JoinRequest Request => request;
        public long LastRequest { get; set; }
        public bool IsWaiting { get; set; }
    }
}
