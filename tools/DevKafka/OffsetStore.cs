using System.Text;
using System.Text.Json;

namespace ForgeShop.DevKafka;

/// <summary>The offset that a consumer group committed for a partition; the offset -1 stands for a removed one.</summary>
internal sealed record CommittedOffset(string Group, string Topic, int Partition, long Offset, string? Metadata);

/// <summary>The committed offsets of all groups. The file has lines of JSON; commits are appended.</summary>
internal sealed class OffsetStore : IDisposable
{
    private readonly Dictionary<(string Group, string Topic, int Partition), CommittedOffset> _offsets = [];
    private readonly string _path;
    private readonly long _maxGrowth;
    private FileStream _file;
    private long _rewrittenLength;

    /// <param name="path">The file.</param>
    /// <param name="maxGrowth">The number of bytes after which the file is rewritten with the latest commits only.</param>
    public OffsetStore(string path, long maxGrowth = 16 * 1024 * 1024)
    {
        (_path, _maxGrowth) = (path, maxGrowth);
        var lines = File.Exists(path) ? File.ReadAllText(path).Split('\n') : [string.Empty];
        foreach (var line in lines[..^1]) // a killed broker can leave a part of a line behind the last line feed
            Apply(JsonSerializer.Deserialize<CommittedOffset>(line)!);
        _file = Rewrite();
    }

    public void Commit(IReadOnlyCollection<CommittedOffset> offsets)
    {
        _file.Write(Encode(offsets));
        foreach (var offset in offsets)
            Apply(offset);
        if (_file.Length - _rewrittenLength < _maxGrowth)
            return;
        _file.Dispose();
        _file = Rewrite();
    }

    public CommittedOffset Find(string group, string topic, int partition) =>
        _offsets.GetValueOrDefault((group, topic, partition)) ?? new(group, topic, partition, -1, string.Empty);

    public IEnumerable<CommittedOffset> FindAll(string group) => _offsets.Values.Where(offset => offset.Group == group);

    public void RemoveTopic(string topic) =>
        Commit([.. _offsets.Values.Where(offset => offset.Topic == topic).Select(offset => offset with { Offset = -1 })]);

    /// <summary>Writes the commits from the page cache to the disk. It needs no lock.</summary>
    /// <exception cref="ObjectDisposedException">The file is being rewritten.</exception>
    public void FlushToDisk() => _file.Flush(flushToDisk: true);

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
            _offsets.Remove(key);
        else
            _offsets[key] = offset;
    }

    private static byte[] Encode(IEnumerable<CommittedOffset> offsets) =>
        Encoding.UTF8.GetBytes(string.Concat(offsets.Select(offset => JsonSerializer.Serialize(offset) + '\n')));
}
