using System.Collections.Concurrent;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Groups;

/// <summary>A group as ListGroups and DescribeGroups report it.</summary>
internal sealed record GroupDescription(string Id, GroupState State, string ProtocolType, string Protocol, List<Member> Members);

/// <summary>The consumer groups of the broker. Members are in memory: after a restart of the broker they join again.</summary>
internal sealed class GroupCoordinator(OffsetStore offsets, TimeProvider time)
{
    private static readonly TimeSpan MinSessionTimeout = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan MaxSessionTimeout = TimeSpan.FromMinutes(30);

    private readonly ConcurrentDictionary<string, Group> _groups = new(StringComparer.Ordinal);

    public OffsetStore Offsets => offsets;

    /// <summary>Gets the IDs of all groups: those with members in this run, and those with committed offsets.</summary>
    public IEnumerable<string> GroupIds => _groups.Keys.Union(offsets.Groups).Order(StringComparer.Ordinal);

    public Task<JoinResult> JoinAsync(JoinRequest request, GroupClient client, bool requiresMemberId)
    {
        var error = request switch
        {
            { GroupId.Length: 0 } => ErrorCode.InvalidGroupId,
            _ when request.SessionTimeout < MinSessionTimeout => ErrorCode.InvalidSessionTimeout,
            _ when request.SessionTimeout > MaxSessionTimeout => ErrorCode.InvalidSessionTimeout,
            { ProtocolType.Length: 0 } or { Protocols.Count: 0 } => ErrorCode.InconsistentGroupProtocol,
            _ => ErrorCode.None,
        };
        return error == ErrorCode.None
            ? GetOrAdd(request.GroupId).JoinAsync(request, client, requiresMemberId)
            : Task.FromResult(JoinResult.Refused(error, request.MemberId));
    }

    public Group? Find(string groupId) => _groups.GetValueOrDefault(groupId);

    public ErrorCode CheckCommit(string groupId, string memberId, int generation) =>
        groupId.Length == 0 ? ErrorCode.InvalidGroupId : GetOrAdd(groupId).CheckCommit(memberId, generation);

    /// <summary>Describes a group, or returns null when it neither has been joined nor has committed offsets.</summary>
    public GroupDescription? Describe(string groupId) => Find(groupId)?.Describe()
        ?? (offsets.All(groupId).Count > 0 ? new(groupId, GroupState.Empty, "consumer", string.Empty, []) : null);

    public ErrorCode Delete(string groupId)
    {
        if (Describe(groupId) is not { } group)
            return ErrorCode.GroupIdNotFound;
        if (group.State != GroupState.Empty)
            return ErrorCode.NonEmptyGroup;
        if (_groups.TryRemove(groupId, out var removed))
            removed.Dispose();
        offsets.RemoveGroup(groupId);
        return ErrorCode.None;
    }

    private Group GetOrAdd(string groupId) => _groups.GetOrAdd(groupId, id => new Group(id, time));
}
