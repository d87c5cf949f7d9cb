using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace ForgeShop.DevKafka;

/// <summary>The offset that a consumer group committed for a partition; the offset -1 stands for a removed one.</summary>
internal sealed record CommittedOffset(string Group, string Topic, int Partition, long Offset, string? Metadata);

/// <summary>The committed offsets of all groups. The file has lines of CRC-32C and JSON; commits are appended.</summary>
internal sealed class OffsetStore : IDisposable
{
    // A file that has grown by this much is rewritten with the latest commits only.
    private const long MaxGrowth = 16 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<(string Group, string Topic, int Partition), CommittedOffset> _offsets = [];
    private readonly string _path;
    private FileStream _file;
    private long _rewrittenLength;

    public OffsetStore(string path)
    {
        _path = path;
        foreach (var offset in File.Exists(path) ? File.ReadLines(path).Select(Decode).OfType<CommittedOffset>() : [])
            Apply(offset);
        _file = Rewrite();
    }

    public void Commit(IReadOnlyCollection<CommittedOffset> offsets)
    {
        lock (_lock)
        {
            _file.Write(Encode(offsets));
            foreach (var offset in offsets)
                Apply(offset);
            if (_file.Length - _rewrittenLength < MaxGrowth)
                return;
            _file.Dispose();
            _file = Rewrite();
        }
    }

    public CommittedOffset Find(string group, string topic, int partition) =>
        _offsets.GetValueOrDefault((group, topic, partition)) ?? new(group, topic, partition, -1, string.Empty);

    public IEnumerable<CommittedOffset> FindAll(string group) => _offsets.Values.Where(offset => offset.Group == group);

    public void RemoveTopic(string topic) =>
        Commit([.. _offsets.Values.Where(offset => offset.Topic == topic).Select(offset => offset with { Offset = -1 })]);

    /// <summary>Flushes outside the lock, since commits must not wait for the disk.</summary>
    public void Flush() => _file.Flush(flushToDisk: true);

    public void Dispose() => _file.Dispose();

    private FileStream Rewrite()
    {
        var content = Encode(_offsets.Values);
        var rewritten = _path + ".tmp";
        File.WriteAllBytes(rewritten, content);
        File.Move(rewritten, _path, overwrite: true); // a kill leaves the old or the new content
        _rewrittenLength = content.Length;
        return new(_path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    private void Apply(CommittedOffset offset)
    {
        var key = (offset.Group, offset.Topic, offset.Partition);
        if (offset.Offset < 0)
            _offsets.TryRemove(key, out _);
        else
            _offsets[key] = offset;
    }

    private static byte[] Encode(IEnumerable<CommittedOffset> offsets)
    {
        var lines = offsets.Select(offset => JsonSerializer.Serialize(offset)).Select(json => $"{Crc(json)} {json}\n");
        return Encoding.UTF8.GetBytes(string.Concat(lines));
    }

    private static string Crc(string json) => $"{RecordBatch.Crc32C(Encoding.UTF8.GetBytes(json)):x8}";

    /// <summary>Returns null for a line that is not whole.</summary>
    private static CommittedOffset? Decode(string line)
    {
        var parts = line.Split(' ', 2);
        var isWhole = parts.Length == 2 && parts[0] == Crc(parts[1]);
        return isWhole ? JsonSerializer.Deserialize<CommittedOffset>(parts[1]) : null;
    }
}
