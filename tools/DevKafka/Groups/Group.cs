using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Groups;

/// <summary>The states of a consumer group; DescribeGroups reports the names.</summary>
internal enum GroupState
{
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

/// <summary>
/// A consumer group of the classic protocol. A rebalance has two phases: all members join and receive a generation, then the leader's
/// assignment is distributed. One lock guards the group; waiting requests continue on other threads than the one that holds it.
/// </summary>
internal sealed class Group : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly OrderedDictionary<string, Member> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _pendingMemberIds = new(StringComparer.Ordinal);
    private readonly ITimer _phaseTimer;
    private DateTimeOffset _phaseDeadline;
    private GroupState _state;
    private int _generation;
    private string _protocolType = string.Empty;
    private string _protocol = string.Empty;
    private string _leaderId = string.Empty;

    public Group(string id, TimeProvider time)
    {
        (Id, _time) = (id, time);
        _phaseTimer = time.CreateTimer(_ => EndPhase(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string Id { get; }

    public Task<JoinResult> JoinAsync(JoinRequest request, GroupClient client, bool requiresMemberId)
    {
        lock (_lock)
        {
            var others = _members.Values.Where(member => member.Id != request.MemberId).ToList();
            var isConsistent = others.Count == 0 || (request.ProtocolType == _protocolType
                && request.Protocols.Exists(offered => others.TrueForAll(member => member.Supports(offered.Name))));
            if (!isConsistent)
                return Task.FromResult(JoinResult.Refused(ErrorCode.InconsistentGroupProtocol, request.MemberId));
            if (_members.TryGetValue(request.MemberId, out var known))
                return Rejoin(known, request);
            if (_pendingMemberIds.Remove(request.MemberId))
                return Add(request.MemberId, request, client);
            if (request.MemberId.Length > 0)
                return Task.FromResult(JoinResult.Refused(ErrorCode.UnknownMemberId, request.MemberId));

            var memberId = $"{client.Id}-{Guid.NewGuid()}";
            if (!requiresMemberId)
                return Add(memberId, request, client);
            RememberPending(memberId, request.SessionTimeout);
            return Task.FromResult(JoinResult.Refused(ErrorCode.MemberIdRequired, memberId));
        }
    }

    public Task<SyncResult> SyncAsync(string memberId, int generation, IReadOnlyDictionary<string, byte[]> assignments)
    {
        lock (_lock)
        {
            var error = Check(memberId, generation, out var member);
            if (error == ErrorCode.None && _state == GroupState.PreparingRebalance)
                error = ErrorCode.RebalanceInProgress;
            if (error != ErrorCode.None)
                return Task.FromResult(new SyncResult(error, []));
            var result = member!.WaitForSync();
            if (_state == GroupState.Stable)
                member.CompleteSync(ErrorCode.None);
            else if (memberId == _leaderId)
                Distribute(assignments);
            return result;
        }
    }

    public ErrorCode Heartbeat(string memberId, int generation)
    {
        lock (_lock)
        {
            var error = Check(memberId, generation, out _);
            return error == ErrorCode.None && _state == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : error;
        }
    }

    public ErrorCode Leave(string memberId)
    {
        lock (_lock)
        {
            if (_members.TryGetValue(memberId, out var member))
                Remove(member);
            else if (!_pendingMemberIds.Remove(memberId))
                return ErrorCode.UnknownMemberId;
            return ErrorCode.None;
        }
    }

    /// <summary>Checks that a member of this generation commits offsets, or an admin while the group is empty.</summary>
    public ErrorCode CheckCommit(string memberId, int generation)
    {
        lock (_lock)
        {
            if (generation < 0 && memberId.Length == 0)
                return _state == GroupState.Empty ? ErrorCode.None : ErrorCode.UnknownMemberId;
            var error = Check(memberId, generation, out _);
            return error == ErrorCode.None && _state == GroupState.CompletingRebalance ? ErrorCode.RebalanceInProgress : error;
        }
    }

    public GroupDescription Describe()
    {
        lock (_lock)
            return new(Id, _state, _protocolType, _state == GroupState.Stable ? _protocol : string.Empty, [.. _members.Values]);
    }

    public void Dispose() => _phaseTimer.Dispose();

    /// <summary>Checks that a request is from a member of this generation, and renews the member's session.</summary>
    private ErrorCode Check(string memberId, int generation, out Member? member)
    {
        if (!_members.TryGetValue(memberId, out member))
            return ErrorCode.UnknownMemberId;
        if (generation != _generation)
            return ErrorCode.IllegalGeneration;
        member.RenewSession(_time.GetUtcNow());
        return ErrorCode.None;
    }

    /// <summary>Remembers the ID with which a client shall join again; it expires after the session time-out.</summary>
    private void RememberPending(string memberId, TimeSpan sessionTimeout)
    {
        var now = _time.GetUtcNow();
        foreach (var (id, deadline) in _pendingMemberIds)
            if (deadline <= now)
                _pendingMemberIds.Remove(id);
        _pendingMemberIds[memberId] = now + sessionTimeout;
    }

    private Task<JoinResult> Add(string memberId, JoinRequest request, GroupClient client)
    {
        Member member = null!;
        var sessionTimer = _time.CreateTimer(_ => EndSession(member), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        member = new(memberId, client, sessionTimer) { Request = request };
        _members.Add(memberId, member);
        _protocolType = request.ProtocolType;
        var result = member.WaitForJoin();
        Rebalance();
        return result;
    }

    private Task<JoinResult> Rejoin(Member member, JoinRequest request)
    {
        // A client repeats JoinGroup when the response was lost; this is no reason for a rebalance.
        var isRepeated = member.Offers(request.Protocols)
            && (_state == GroupState.CompletingRebalance || (_state == GroupState.Stable && member.Id != _leaderId));
        member.Request = request;
        var result = member.WaitForJoin();
        if (isRepeated)
            CompleteJoin(member);
        else
            Rebalance();
        return result;
    }

    private void Rebalance()
    {
        foreach (var member in _members.Values)
            member.CompleteSync(ErrorCode.RebalanceInProgress);
        if (_state != GroupState.PreparingRebalance)
            StartPhase(GroupState.PreparingRebalance);
        if (_members.Values.All(member => member.IsJoining))
            StartGeneration();
    }

    private void StartGeneration()
    {
        foreach (var member in _members.Values.Where(member => !member.IsJoining).ToList())
        {
            _members.Remove(member.Id);
            member.End();
        }

        _generation++;
        if (_members.Count == 0)
        {
            StartPhase(GroupState.Empty);
            return;
        }

        _protocol = ElectProtocol();
        if (!_members.ContainsKey(_leaderId))
            _leaderId = _members.GetAt(0).Key;
        StartPhase(GroupState.CompletingRebalance);
        foreach (var member in _members.Values)
        {
            member.Assignment = [];
            CompleteJoin(member);
        }
    }

    /// <summary>Returns the protocol that most members prefer, of those that all members support.</summary>
    private string ElectProtocol() => _members.Values
        .Select(member => member.Request.Protocols.First(offered => _members.Values.All(other => other.Supports(offered.Name))).Name)
        .GroupBy(name => name)
        .MaxBy(votes => votes.Count())!.Key;

    private void CompleteJoin(Member member)
    {
        List<Member> members = member.Id == _leaderId ? [.. _members.Values] : [];
        member.CompleteJoin(new(ErrorCode.None, member.Id, _generation, _protocol, _leaderId, members));
        member.RenewSession(_time.GetUtcNow());
    }

    private void Distribute(IReadOnlyDictionary<string, byte[]> assignments)
    {
        StartPhase(GroupState.Stable);
        foreach (var member in _members.Values)
        {
            member.Assignment = assignments.GetValueOrDefault(member.Id, []);
            if (!member.IsSyncing)
                continue;
            member.CompleteSync(ErrorCode.None);
            member.RenewSession(_time.GetUtcNow());
        }
    }

    private void Remove(Member member)
    {
        _members.Remove(member.Id);
        member.End();
        Rebalance();
    }

    private void EndSession(Member member)
    {
        lock (_lock)
        {
            // The group owes an answer to a waiting member, which sends no heartbeats meanwhile.
            var isWaiting = member.IsJoining || member.IsSyncing;
            if (_members.GetValueOrDefault(member.Id) != member || isWaiting || !member.HasTimedOut(_time.GetUtcNow()))
                return;
            Diagnostics.Warn($"Session of member {member.Id} timed out; group {Id} rebalances");
            Remove(member);
        }
    }

    /// <summary>Enters a state. Both phases of a rebalance last at most the longest rebalance time-out of the members.</summary>
    private void StartPhase(GroupState state)
    {
        _state = state;
        var isRebalance = state is GroupState.PreparingRebalance or GroupState.CompletingRebalance;
        if (!isRebalance)
        {
            _phaseTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        var timeout = _members.Values.Select(member => member.Request.RebalanceTimeout).DefaultIfEmpty().Max();
        _phaseDeadline = _time.GetUtcNow() + timeout;
        _phaseTimer.Change(timeout, Timeout.InfiniteTimeSpan);
    }

    private void EndPhase()
    {
        lock (_lock)
        {
            var remaining = _phaseDeadline - _time.GetUtcNow();
            if (_state is not (GroupState.PreparingRebalance or GroupState.CompletingRebalance))
                return;
            if (remaining > TimeSpan.Zero) // the timer fired early, or for the phase before
                _phaseTimer.Change(remaining + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            else if (_state == GroupState.PreparingRebalance)
                StartGeneration();
            else
                _members.Values.Where(member => !member.IsSyncing).ToList().ForEach(Remove);
        }
    }
}
