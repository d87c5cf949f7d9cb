using ForgeShop.DevKafka.Log;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Groups;

/// <summary>The offset that a consumer group committed for a partition; an offset of -1 stands for a removed one.</summary>
internal sealed record CommittedOffset(string Topic, int Partition, long Offset, int LeaderEpoch, string? Metadata)
{
    public static CommittedOffset None(string topic, int partition) => new(topic, partition, -1, -1, string.Empty);
}

/// <summary>The committed offsets of all consumer groups. Each commit is one entry of a journal.</summary>
internal sealed class OffsetStore : IDisposable
{
    private const long SmallJournal = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<(string Topic, int Partition), CommittedOffset>> _groups = new(StringComparer.Ordinal);
    private readonly Journal _journal;
    private readonly Flusher _flusher;
    private long _compactedSize;

    public OffsetStore(string dataFolder, Flusher flusher)
    {
        _flusher = flusher;
        _journal = Journal.Open(Path.Combine(dataFolder, "group-offsets"), entry =>
        {
            var reader = new MessageReader(entry);
            Apply(reader.ReadString(), reader.ReadArray(() => Decode(reader)));
        });
        Compact();
    }

    /// <summary>Gets the IDs of the groups that have committed offsets.</summary>
    public IReadOnlyList<string> Groups
    {
        get
        {
            lock (_lock)
                return [.. _groups.Keys];
        }
    }

    public void Commit(string group, IReadOnlyList<CommittedOffset> offsets)
    {
        if (offsets.Count == 0)
            return;
        lock (_lock)
        {
            _journal.Append(Encode(group, offsets));
            Apply(group, offsets);
            if (_journal.Size > SmallJournal + 2 * _compactedSize)
                Compact();
            _flusher.Add(_journal);
        }
    }

    public IReadOnlyList<CommittedOffset> All(string group)
    {
        lock (_lock)
            return _groups.TryGetValue(group, out var offsets) ? [.. offsets.Values] : [];
    }

    public CommittedOffset Find(string group, string topic, int partition)
    {
        lock (_lock)
        {
            var offset = _groups.GetValueOrDefault(group)?.GetValueOrDefault((topic, partition));
            return offset ?? CommittedOffset.None(topic, partition);
        }
    }

    public void RemoveGroup(string group) => Remove(group, _ => true);

    public void RemoveTopic(string topic)
    {
        foreach (var group in Groups)
            Remove(group, offset => offset.Topic == topic);
    }

    public void Dispose() => _journal.Dispose();

    private void Remove(string group, Func<CommittedOffset, bool> matches) =>
        Commit(group, [.. All(group).Where(matches).Select(offset => CommittedOffset.None(offset.Topic, offset.Partition))]);

    private void Apply(string group, IEnumerable<CommittedOffset> offsets)
    {
        if (!_groups.TryGetValue(group, out var known))
            _groups[group] = known = [];
        foreach (var offset in offsets)
        {
            if (offset.Offset < 0)
                known.Remove((offset.Topic, offset.Partition));
            else
                known[(offset.Topic, offset.Partition)] = offset;
        }

        if (known.Count == 0)
            _groups.Remove(group);
    }

    private void Compact()
    {
        _journal.Rewrite(_groups.Select(group => Encode(group.Key, group.Value.Values)));
        _compactedSize = _journal.Size;
    }

    private static byte[] Encode(string group, IReadOnlyCollection<CommittedOffset> offsets)
    {
        using var writer = new MessageWriter();
        writer.WriteString(group);
        writer.WriteArray(offsets, offset =>
        {
            writer.WriteString(offset.Topic);
            writer.WriteInt32(offset.Partition);
            writer.WriteInt64(offset.Offset);
            writer.WriteInt32(offset.LeaderEpoch);
            writer.WriteString(offset.Metadata);
        });
        return writer.Written.ToArray();
    }

    private static CommittedOffset Decode(MessageReader reader) =>
        new(reader.ReadString(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadNullableString());
}
