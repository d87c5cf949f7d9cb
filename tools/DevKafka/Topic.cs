using System.Text.Json;

namespace ForgeShop.DevKafka;

/// <summary>The content of topic.json.</summary>
internal sealed record TopicSettings(int Partitions, int MaxMessageBytes);

/// <summary>A topic: one folder with a file of settings and one folder per partition.</summary>
internal sealed class Topic(string folder, TopicSettings settings, BrokerOptions options)
{
    public TopicSettings Settings => settings;

    public Partition[] Partitions { get; } = [.. Enumerable.Range(0, settings.Partitions)
        .Select(index => new Partition(Path.Combine(folder, $"{index}"), options, settings.MaxMessageBytes))];
}

/// <summary>The topics of the broker, one folder each.</summary>
internal sealed class TopicStore
{
    public const int MaxPartitions = 10_000;
    public const int DefaultMaxMessageBytes = 1_048_588;

    // No topic name contains it. It marks folders that are being created or deleted; they are removed at the next start.
    private const char UnfinishedMark = '~';
    private const int MaxNameLength = 249;
    private const string SettingsFile = "topic.json";

    private readonly string _folder;
    private readonly BrokerOptions _options;
    private readonly Dictionary<string, Topic> _topics = new(StringComparer.Ordinal);

    public TopicStore(BrokerOptions options)
    {
        _options = options;
        _folder = Directory.CreateDirectory(Path.Combine(options.DataFolder, "topics")).FullName;
        foreach (var folder in Directory.GetDirectories(_folder))
        {
            if (folder.EndsWith(UnfinishedMark))
                Directory.Delete(folder, recursive: true);
            else
                Open(folder);
        }
    }

    public IEnumerable<Partition> Partitions => _topics.Values.SelectMany(topic => topic.Partitions);
    public IEnumerable<string> Names => _topics.Keys.Order(StringComparer.Ordinal);

    public Topic? Find(string name) => _topics.GetValueOrDefault(name);

    public Partition? FindPartition(string topic, int index) => Find(topic)?.Partitions.ElementAtOrDefault(index);

    /// <summary>Creates a topic, or only checks whether it could be created; -1 partitions are the broker's default number.</summary>
    public ErrorCode Create(string name, int partitions, int maxMessageBytes, bool validateOnly)
    {
        var settings = new TopicSettings(partitions == -1 ? _options.Partitions : partitions, maxMessageBytes);
        if (Find(name) is not null)
            return ErrorCode.TopicAlreadyExists;
        if (!IsValidName(name))
            return ErrorCode.InvalidTopic;
        if (settings.Partitions is < 1 or > MaxPartitions)
            return ErrorCode.InvalidPartitions;
        if (validateOnly)
            return ErrorCode.None;
        // The folder has another name first: a broker killed meanwhile leaves no topic without settings.
        var folder = Path.Combine(_folder, name);
        Directory.CreateDirectory(folder + UnfinishedMark);
        File.WriteAllText(Path.Combine(folder + UnfinishedMark, SettingsFile), JsonSerializer.Serialize(settings));
        Directory.Move(folder + UnfinishedMark, folder);
        Open(folder);
        return ErrorCode.None;
    }

    public bool Delete(string name)
    {
        if (!_topics.Remove(name, out var topic))
            return false;
        Array.ForEach(topic.Partitions, partition => partition.Dispose());
        var folder = Path.Combine(_folder, name);
        Directory.Move(folder, folder + UnfinishedMark);
        Directory.Delete(folder + UnfinishedMark, recursive: true);
        return true;
    }

    private static bool IsValidName(string name) => name.Length is > 0 and <= MaxNameLength && name is not ("." or "..")
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    private void Open(string folder)
    {
        var settings = JsonSerializer.Deserialize<TopicSettings>(File.ReadAllText(Path.Combine(folder, SettingsFile)))!;
        _topics[Path.GetFileName(folder)] = new(folder, settings, _options);
    }
}
