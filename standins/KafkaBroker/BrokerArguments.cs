using System.Globalization;

namespace ForgeShop.StandIns.KafkaBrokerProgram;

internal sealed record BrokerArguments(int Port, int DefaultPartitions, IReadOnlyList<(string Name, int Partitions)> Topics)
{
    /// <summary>Null after saying on stderr what is wrong.</summary>
    public static BrokerArguments? Parse(string[] args)
    {
        var (port, defaultPartitions, topics) = (0, 12, new List<(string, int)>());
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = args.ElementAtOrDefault(i + 1) ?? string.Empty;
            var understood = args[i] switch
            {
                "--port" => int.TryParse(value, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65_536,
                "--default-partitions" => TryParsePartitions(value, out defaultPartitions),
                "--topics" => value.Split(',', StringSplitOptions.RemoveEmptyEntries).All(topic => TryAddTopic(topics, topic)),
                _ => false,
            };
            if (!understood)
                return Refuse($"cannot read '{args[i]} {value}'");
        }

        return port == 0 ? Refuse("--port is missing") : new(port, defaultPartitions, topics);
    }

    private static bool TryAddTopic(List<(string Name, int Partitions)> topics, string text)
    {
        if (text.Split(':') is not [{ Length: > 0 } name, var count] || !TryParsePartitions(count, out var partitions))
            return false;
        topics.Add((name, partitions));
        return true;
    }

    private static bool TryParsePartitions(string text, out int partitions) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out partitions) && partitions is > 0 and <= 1_000;

    private static BrokerArguments? Refuse(string why)
    {
        Console.Error.WriteLine($"{why}; usage: --port N [--default-partitions N] [--topics name:partitions,...]");
        return null;
    }
}
