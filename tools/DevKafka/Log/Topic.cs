namespace ForgeShop.DevKafka.Log;

/// <summary>A topic: one folder, named after the topic ID, with a file of properties and one folder per partition.</summary>
internal sealed class Topic
{
    private const string PropertiesName = "topic.properties";

    private readonly string _folder;

    private Topic(string folder, string name, Guid id, int partitions, TopicConfig config, Flusher flusher, TimeProvider time)
    {
        (_folder, Name, Id, Config) = (folder, name, id, config);
        Partitions = [.. Enumerable.Range(0, partitions).Select(Open)];

        Partition Open(int index) => new(Path.Combine(folder, $"{index}"), config, flusher, time);
    }

    public string Name { get; }

    public Guid Id { get; }

    public TopicConfig Config { get; }

    public Partition[] Partitions { get; }

    /// <summary>Creates the folder under another name first: a broker killed meanwhile leaves no topic without partitions.</summary>
    public static Topic Create(string parent, string name, int partitions, TopicConfig config, Flusher flusher, TimeProvider time)
    {
        var id = Guid.NewGuid();
        var folder = Path.Combine(parent, $"{id:N}");
        var unfinished = Directory.CreateDirectory(folder + TopicStore.UnfinishedSuffix).FullName;
        WriteProperties(unfinished, name, partitions, config);
        Directory.Move(unfinished, folder);
        return new(folder, name, id, partitions, config, flusher, time);
    }

    public static Topic Open(string folder, BrokerOptions defaults, Flusher flusher, TimeProvider time)
    {
        var properties = File.ReadAllLines(Path.Combine(folder, PropertiesName)).Select(line => line.Split('=', 2)).ToDictionary(
            pair => pair[0], pair => pair[1]);
        properties.Remove("name", out var name);
        properties.Remove("partitions", out var partitions);
        var config = new TopicConfig(defaults, properties);
        return new(folder, name!, Guid.Parse(Path.GetFileName(folder)), int.Parse(partitions!), config, flusher, time);
    }

    /// <summary>Returns the partition, or null when the topic does not have it.</summary>
    public Partition? FindPartition(int index) => index >= 0 && index < Partitions.Length ? Partitions[index] : null;

    public void Delete()
    {
        Array.ForEach(Partitions, partition => partition.MarkDeleted());
        var deleted = _folder + TopicStore.UnfinishedSuffix;
        Directory.Move(_folder, deleted);
        Directory.Delete(deleted, recursive: true);
    }

    private static void WriteProperties(string folder, string name, int partitions, TopicConfig config)
    {
        string[] lines = [$"name={name}", $"partitions={partitions}", .. config.Overrides.Select(entry => $"{entry.Key}={entry.Value}")];
        DurableFile.WriteAllText(Path.Combine(folder, PropertiesName), string.Join('\n', lines));
    }
}
