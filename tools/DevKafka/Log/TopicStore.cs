using System.Collections.Concurrent;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Log;

/// <summary>The topics of the broker.</summary>
internal sealed class TopicStore
{
    /// <summary>The suffix of topic folders that are being created or deleted; they are removed at the next start.</summary>
    public const string UnfinishedSuffix = ".unfinished";

    private const int MaxPartitions = 10_000;
    private const int MaxNameLength = 249;

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly BrokerOptions _options;
    private readonly Flusher _flusher;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Topic> _byName = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, Topic> _byId = [];

    public TopicStore(BrokerOptions options, Flusher flusher, TimeProvider time)
    {
        (_options, _flusher, _time) = (options, flusher, time);
        _folder = Directory.CreateDirectory(Path.Combine(options.DataFolder, "topics")).FullName;
        foreach (var folder in Directory.GetDirectories(_folder))
        {
            if (folder.EndsWith(UnfinishedSuffix, StringComparison.Ordinal))
                Directory.Delete(folder, recursive: true);
            else
                Add(Topic.Open(folder, options, flusher, time));
        }
    }

    public IEnumerable<Topic> All => _byName.Values.OrderBy(topic => topic.Name, StringComparer.Ordinal);

    public Topic? Find(string name) => _byName.GetValueOrDefault(name);

    public Topic? Find(Guid id) => _byId.GetValueOrDefault(id);

    public Partition? FindPartition(string topic, int index) => Find(topic)?.FindPartition(index);

    /// <summary>Creates a topic, or only checks whether it could be created.</summary>
    /// <param name="name">The name of the topic.</param>
    /// <param name="partitions">The number of partitions; -1 for the broker's default.</param>
    /// <param name="overrides">The settings that differ from the broker's.</param>
    /// <param name="validateOnly">Whether the topic is only checked.</param>
    /// <param name="topic">The topic: the new one, or the one that exists already.</param>
    public ErrorCode Create(string name, int partitions, IReadOnlyDictionary<string, string> overrides, bool validateOnly, out Topic? topic)
    {
        lock (_lock)
        {
            topic = Find(name);
            if (topic is not null)
                return ErrorCode.TopicAlreadyExists;
            if (!IsValidName(name) || _byName.Keys.Any(other => Collide(other, name)))
                return ErrorCode.InvalidTopic;
            var count = partitions == -1 ? _options.Partitions : partitions;
            if (count is < 1 or > MaxPartitions)
                return ErrorCode.InvalidPartitions;
            if (validateOnly)
                return ErrorCode.None;
            Add(topic = Topic.Create(_folder, name, count, new(_options, overrides), _flusher, _time));
            return ErrorCode.None;
        }
    }

    public bool Delete(Topic topic)
    {
        lock (_lock)
        {
            if (!_byName.TryRemove(KeyValuePair.Create(topic.Name, topic)))
                return false;
            _byId.TryRemove(topic.Id, out _);
            topic.Delete();
            return true;
        }
    }

    public void ApplyRetention()
    {
        foreach (var partition in _byName.Values.SelectMany(topic => topic.Partitions))
            partition.ApplyRetention();
    }

    private static bool IsValidName(string name) => name.Length is > 0 and <= MaxNameLength && name is not ("." or "..")
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    // Apache Kafka refuses them because the names of its metrics would be equal.
    private static bool Collide(string one, string other) => one.Replace('.', '_') == other.Replace('.', '_');

    private void Add(Topic topic)
    {
        _byName[topic.Name] = topic;
        _byId[topic.Id] = topic;
    }
}
