namespace ForgeShop.DevKafka;

/// <summary>A JoinGroup request. A protocol is an assignment strategy, with the member's subscription in its format.</summary>
internal sealed record JoinRequest(
    string MemberId, int SessionTimeoutMs, int RebalanceTimeoutMs, string ProtocolType, List<(string Name, byte[] Metadata)> Protocols)
{
    public bool Supports(string protocol) => Protocols.Exists(offered => offered.Name == protocol);
    public byte[] MetadataOf(string protocol) => Protocols.Find(offered => offered.Name == protocol).Metadata;
}

/// <summary>The answer to JoinGroup; the leader, which assigns the partitions, receives the members.</summary>
internal sealed record JoinResult(
    ErrorCode Error, string MemberId, int Generation, string Protocol, string LeaderId, List<(string Id, byte[] Metadata)> Members)
{
    public static JoinResult Refused(ErrorCode error, string memberId) => new(error, memberId, -1, string.Empty, string.Empty, []);
}

/// <summary>A consumer group, in memory. In a rebalance all members join for a generation; then the leader assigns partitions.</summary>
internal sealed class Group(string id)
{
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, Member> _members = new(StringComparer.Ordinal);
    private State _state;
    private long _phaseDeadline;
    private int _generation;
    private string _protocol = string.Empty;
    private string _leaderId = string.Empty;

    private enum State { Empty, PreparingRebalance, CompletingRebalance, Stable }

    public Task<JoinResult> JoinAsync(JoinRequest request, string clientId)
    {
        lock (_lock)
        {
            var others = _members.Values.Where(member => member.Id != request.MemberId).ToList();
            var isConsistent = others.TrueForAll(member => member.Request.ProtocolType == request.ProtocolType)
                && request.Protocols.Exists(offered => others.TrueForAll(member => member.Request.Supports(offered.Name)));
            if (!isConsistent)
                return Task.FromResult(JoinResult.Refused(ErrorCode.InconsistentGroupProtocol, request.MemberId));
            if (request.MemberId.Length == 0)
                request = request with { MemberId = $"{clientId}-{Guid.NewGuid()}" };
            else if (!_members.ContainsKey(request.MemberId))
                return Task.FromResult(JoinResult.Refused(ErrorCode.UnknownMemberId, request.MemberId));
            _members.TryAdd(request.MemberId, new Member(request));
            var result = _members[request.MemberId].WaitForJoin(request);
            Rebalance();
            return result;
        }
    }

    /// <summary>Returns the partitions of the member when the leader has assigned them.</summary>
    public Task<(ErrorCode Error, byte[] Assignment)> SyncAsync(string memberId, int generation, Dictionary<string, byte[]> assignments)
    {
        lock (_lock)
        {
            var error = Check(memberId, generation, refusedIn: State.PreparingRebalance);
            if (error != ErrorCode.None)
                return Task.FromResult((error, Array.Empty<byte>()));
            var result = _members[memberId].WaitForSync();
            if (_state == State.CompletingRebalance && memberId == _leaderId)
            {
                _state = State.Stable;
                foreach (var member in _members.Values)
                {
                    member.Assignment = assignments.GetValueOrDefault(member.Id, []);
                    member.CompleteSync(ErrorCode.None);
                }
            }
            else if (_state == State.Stable)
            {
                _members[memberId].CompleteSync(ErrorCode.None);
            }
            return result;
        }
    }

    public ErrorCode Heartbeat(string memberId, int generation)
    {
        lock (_lock)
            return Check(memberId, generation, refusedIn: State.PreparingRebalance);
    }

    public ErrorCode Leave(string memberId)
    {
        lock (_lock)
        {
            if (!_members.Remove(memberId, out var member))
                return ErrorCode.UnknownMemberId;
            member.CompleteJoin(JoinResult.Refused(ErrorCode.UnknownMemberId, memberId));
            member.CompleteSync(ErrorCode.UnknownMemberId);
            Rebalance();
            return ErrorCode.None;
        }
    }

    /// <summary>Checks that a member of this generation commits offsets, or a client outside the group while the group is empty.</summary>
    public ErrorCode CheckCommit(string memberId, int generation)
    {
        lock (_lock)
        {
            var isOutside = generation < 0 && memberId.Length == 0 && _members.Count == 0;
            return isOutside ? ErrorCode.None : Check(memberId, generation, refusedIn: State.CompletingRebalance);
        }
    }

    /// <summary>Removes members whose session has timed out, and ends a phase of a rebalance that takes too long.</summary>
    public void EndSessions(long now)
    {
        lock (_lock)
        {
            foreach (var member in _members.Values.Where(member => !member.IsWaiting && member.SessionDeadline <= now).ToList())
            {
                Console.Error.WriteLine($"warning: Session of member {member.Id} timed out; group {id} rebalances");
                _members.Remove(member.Id);
                Rebalance();
            }
            if (_state == State.PreparingRebalance && _phaseDeadline <= now)
                StartGeneration();
            else if (_state == State.CompletingRebalance && _phaseDeadline <= now)
                Rebalance();
        }
    }

    /// <summary>Checks that a request is from a member of this generation, and renews the member's session.</summary>
    private ErrorCode Check(string memberId, int generation, State refusedIn)
    {
        if (!_members.TryGetValue(memberId, out var member))
            return ErrorCode.UnknownMemberId;
        if (generation != _generation)
            return ErrorCode.IllegalGeneration;
        member.RenewSession();
        return _state == refusedIn ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    private void Rebalance()
    {
        if (_state != State.PreparingRebalance)
            StartPhase(State.PreparingRebalance);
        foreach (var member in _members.Values)
            member.CompleteSync(ErrorCode.RebalanceInProgress);
        if (_members.Values.All(member => member.IsJoining))
            StartGeneration();
    }

    /// <summary>Ends the first phase; members that have not joined again are removed.</summary>
    private void StartGeneration()
    {
        foreach (var member in _members.Values.Where(member => !member.IsJoining).ToList())
            _members.Remove(member.Id);
        _generation++;
        if (_members.Count == 0)
        {
            _state = State.Empty;
            return;
        }
        var offers = _members.Values.Select(member => member.Request).ToList();
        _protocol = offers[0].Protocols.First(offered => offers.TrueForAll(offer => offer.Supports(offered.Name))).Name;
        if (!_members.ContainsKey(_leaderId))
            _leaderId = _members.GetAt(0).Key;
        StartPhase(State.CompletingRebalance);
        foreach (var member in _members.Values)
        {
            var listed = member.Id == _leaderId ? offers.ConvertAll(offer => (offer.MemberId, offer.MetadataOf(_protocol))) : [];
            member.CompleteJoin(new(ErrorCode.None, member.Id, _generation, _protocol, _leaderId, listed));
        }
    }

    /// <summary>Starts a phase of a rebalance, which lasts at most the longest rebalance time-out of the members.</summary>
    private void StartPhase(State state)
    {
        _state = state;
        var timeouts = _members.Values.Select(member => member.Request.RebalanceTimeoutMs);
        _phaseDeadline = Environment.TickCount64 + timeouts.DefaultIfEmpty().Max();
    }

    /// <summary>A consumer in the group. It sends no heartbeats while a request of it waits.</summary>
    private sealed class Member(JoinRequest request)
    {
        // Waiting requests continue on other threads than the one that completes them and holds the lock of the group.
        private TaskCompletionSource<JoinResult>? _join;
        private TaskCompletionSource<(ErrorCode Error, byte[] Assignment)>? _sync;

        public string Id => Request.MemberId;
        public JoinRequest Request { get; private set; } = request;
        public byte[] Assignment { get; set; } = [];
        public long SessionDeadline { get; private set; }
        public bool IsJoining => _join is not null;
        public bool IsWaiting => _join is not null || _sync is not null;

        public void RenewSession() => SessionDeadline = Environment.TickCount64 + Request.SessionTimeoutMs;

        public Task<JoinResult> WaitForJoin(JoinRequest newRequest)
        {
            CompleteJoin(JoinResult.Refused(ErrorCode.RebalanceInProgress, Id)); // this request replaces one that still waits
            Request = newRequest;
            _join = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _join.Task;
        }

        public Task<(ErrorCode Error, byte[] Assignment)> WaitForSync()
        {
            CompleteSync(ErrorCode.RebalanceInProgress);
            _sync = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _sync.Task;
        }

        public void CompleteJoin(JoinResult result)
        {
            RenewSession();
            _join?.SetResult(result);
            _join = null;
        }

        public void CompleteSync(ErrorCode error)
        {
            if (_sync is null)
                return;
            RenewSession();
            _sync.SetResult((error, error == ErrorCode.None ? Assignment : []));
            _sync = null;
        }
    }
}
