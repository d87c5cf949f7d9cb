namespace ForgeShop.StandIns.KafkaBrokerProgram;

/// <summary>
/// Consumer groups and their offsets. librdkafka's mock has them, too, but its rebalances take as long as a session may, and after a
/// restart it takes commits from members of groups that it does not know: both would show in every restart of a service.
/// </summary>
internal sealed class GroupCoordinator(TimeProvider time)
{
    /// <summary>The only broker's number, as the mock counts.</summary>
    public const int BrokerId = 1;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Group> groups = [];

    /// <summary>Expires members and ends rebalances that are due, until cancelled.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SweepInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                lock (gate)
                {
                    foreach (var group in groups.Values)
                        group.Sweep();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The broker stops.
        }
    }

    /// <summary>The answer to a request that is about groups; null for any other.</summary>
    public Task<byte[]>? Answer(RequestHeader header, ReadOnlySpan<byte> body, int port, CancellationToken clientLeft)
    {
        var request = new WireReader(body);
        return header.Api switch
        {
            Api.FindCoordinator => Task.FromResult(FindCoordinator(header, port)),
            Api.JoinGroup => JoinAsync(header, ref request, clientLeft),
            Api.SyncGroup => SyncAsync(header, ref request, clientLeft),
            Api.Heartbeat => Task.FromResult(Heartbeat(header, ref request)),
            Api.LeaveGroup => Task.FromResult(Leave(header, ref request)),
            Api.OffsetCommit => Task.FromResult(Commit(header, ref request)),
            Api.OffsetFetch => Task.FromResult(FetchOffsets(header, ref request)),
            _ => null,
        };
    }

    private static byte[] FindCoordinator(RequestHeader header, int port)
    {
        var response = Throttled(header, since: 1).Error(Error.None);
        if (header.Version >= 1)
            response.String(null); // no error message
        return response.Int32(BrokerId).String("127.0.0.1").Int32(port).ToFrame();
    }

    private Task<byte[]> JoinAsync(RequestHeader header, ref WireReader request, CancellationToken clientLeft)
    {
        var name = request.String();
        var session = TimeSpan.FromMilliseconds(request.Int32());
        var rebalance = header.Version >= 1 ? TimeSpan.FromMilliseconds(request.Int32()) : session;
        var memberId = request.String();
        if (header.Version >= 5)
            _ = request.NullableString(); // static membership is not kept: such a member is like any other
        _ = request.String(); // "consumer"
        var protocols = new List<GroupProtocol>();
        for (var count = request.ArrayLength(); count > 0; count--)
            protocols.Add(new(request.String(), request.Bytes()));

        lock (gate)
        {
            var group = groups.TryGetValue(name, out var known) ? known : groups[name] = new Group(time);
            return EncodeAsync(WhileStayingAsync(group, group.Join(memberId, session, rebalance, protocols), clientLeft));
        }

        async Task<byte[]> EncodeAsync(Task<JoinResult> joining)
        {
            var joined = await joining;
            var response = Throttled(header, since: 2)
                .Error(joined.Error).Int32(joined.Generation).String(joined.Protocol).String(joined.Leader).String(joined.MemberId)
                .Int32(joined.Members.Count);
            foreach (var member in joined.Members)
            {
                response.String(member.Id);
                if (header.Version >= 5)
                    response.String(null);
                response.Bytes(member.Metadata);
            }

            return response.ToFrame();
        }
    }

    private Task<byte[]> SyncAsync(RequestHeader header, ref WireReader request, CancellationToken clientLeft)
    {
        var (name, generation, memberId) = ReadMember(ref request, header, instanceSince: 3);
        var assignments = new Dictionary<string, byte[]>();
        for (var count = request.ArrayLength(); count > 0; count--)
            assignments[request.String()] = request.Bytes();

        lock (gate)
        {
            return EncodeAsync(groups.TryGetValue(name, out var group)
                ? WhileStayingAsync(group, group.Sync(memberId, generation, assignments), clientLeft)
                : Task.FromResult(new SyncResult(Error.UnknownMemberId, [])));
        }

        async Task<byte[]> EncodeAsync(Task<SyncResult> syncing)
        {
            var synced = await syncing;
            return Throttled(header, since: 1).Error(synced.Error).Bytes(synced.Assignment).ToFrame();
        }
    }

    private byte[] Heartbeat(RequestHeader header, ref WireReader request)
    {
        var (name, generation, memberId) = ReadMember(ref request, header, instanceSince: 3);
        lock (gate)
        {
            var error = groups.TryGetValue(name, out var group) ? group.Heartbeat(memberId, generation) : Error.UnknownMemberId;
            return Throttled(header, since: 1).Error(error).ToFrame();
        }
    }

    private byte[] Leave(RequestHeader header, ref WireReader request)
    {
        var (name, memberId) = (request.String(), request.String());
        lock (gate)
        {
            var error = groups.TryGetValue(name, out var group) ? group.Leave(memberId) : Error.UnknownMemberId;
            return Throttled(header, since: 1).Error(error).ToFrame();
        }
    }

    private byte[] Commit(RequestHeader header, ref WireReader request)
    {
        var name = request.String();
        var (generation, memberId) = header.Version >= 1 ? (request.Int32(), request.String()) : (-1, string.Empty);
        if (header.Version >= 7)
            _ = request.NullableString(); // static membership
        if (header.Version is >= 2 and <= 4)
            request.Skip(8); // how long to keep the offsets: for as long as the broker lives

        var response = Throttled(header, since: 3);
        lock (gate)
        {
            var group = groups.GetValueOrDefault(name);
            var error = Group.MayCommit(group, memberId, generation);
            if (error == Error.None)
                group ??= groups[name] = new Group(time);

            var topics = request.ArrayLength();
            response.Int32(topics);
            for (; topics > 0; topics--)
            {
                var topic = request.String();
                var partitions = request.ArrayLength();
                response.String(topic).Int32(partitions);
                for (; partitions > 0; partitions--)
                {
                    var (partition, offset) = (request.Int32(), request.Int64());
                    if (header.Version >= 6)
                        request.Skip(4); // leader epoch
                    if (header.Version == 1)
                        request.Skip(8); // timestamp
                    var metadata = request.NullableString();
                    if (error == Error.None)
                        group!.Offsets[(topic, partition)] = new(offset, metadata);
                    response.Int32(partition).Error(error);
                }
            }
        }

        return response.ToFrame();
    }

    private byte[] FetchOffsets(RequestHeader header, ref WireReader request)
    {
        var response = Throttled(header, since: 3);
        lock (gate)
        {
            var offsets = groups.GetValueOrDefault(request.String())?.Offsets ?? [];
            var wanted = new List<(string Topic, int Partition)>();
            var topics = request.ArrayLength();
            if (topics < 0)
                wanted.AddRange(offsets.Keys);
            for (; topics > 0; topics--)
            {
                var topic = request.String();
                for (var partitions = request.ArrayLength(); partitions > 0; partitions--)
                    wanted.Add((topic, request.Int32()));
            }

            var byTopic = wanted.GroupBy(one => one.Topic, one => one.Partition).ToList();
            response.Int32(byTopic.Count);
            foreach (var topic in byTopic)
            {
                response.String(topic.Key).Int32(topic.Count());
                foreach (var partition in topic)
                {
                    var committed = offsets.GetValueOrDefault((topic.Key, partition)) ?? new CommittedOffset(-1, string.Empty);
                    response.Int32(partition).Int64(committed.Offset);
                    if (header.Version >= 5)
                        response.Int32(-1); // leader epoch
                    response.String(committed.Metadata).Error(Error.None);
                }
            }
        }

        if (header.Version >= 2)
            response.Error(Error.None);
        return response.ToFrame();
    }

    private static (string Group, int Generation, string MemberId) ReadMember(ref WireReader request, RequestHeader header, int instanceSince)
    {
        var member = (request.String(), request.Int32(), request.String());
        if (header.Version >= instanceSince)
            _ = request.NullableString(); // static membership
        return member;
    }

    /// <summary>A response that tells the client, since some version, that it is not to slow down.</summary>
    private static WireWriter Throttled(RequestHeader header, int since)
    {
        var response = new WireWriter(header.Correlation);
        return header.Version >= since ? response.Int32(0) : response;
    }

    /// <summary>Waits for a group's answer for as long as the client does.</summary>
    private async Task<T> WhileStayingAsync<T>(Group group, Task<T> answer, CancellationToken clientLeft)
    {
        try
        {
            return await answer.WaitAsync(clientLeft);
        }
        catch (OperationCanceledException)
        {
            lock (gate)
                group.Abandon(answer);
            throw;
        }
    }
}
