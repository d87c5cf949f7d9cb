using System.Text.RegularExpressions;

namespace ForgeShop.StandIns.KafkaBrokerProgram;

/// <summary>CreateTopics, which the mock does not know, and its place in the list of what this broker understands.</summary>
internal static partial class TopicRequests
{
    private const short LatestVersion = 4;
    private const int MaxPartitions = 1_000;

    /// <summary>Reads a request and creates what can be created; assignments and settings of a topic have no meaning here.</summary>
    public static byte[] Create(RequestHeader header, ReadOnlySpan<byte> body, MockCluster log)
    {
        var request = new WireReader(body);
        var wanted = new List<(string Name, int Partitions)>();
        for (var topics = request.ArrayLength(); topics > 0; topics--)
        {
            wanted.Add((request.String(), request.Int32()));
            request.Skip(2); // replication
            for (var assignments = request.ArrayLength(); assignments > 0; assignments--)
            {
                request.Skip(4);
                request.Skip(4 * Math.Max(0, request.ArrayLength()));
            }

            for (var settings = request.ArrayLength(); settings > 0; settings--)
                _ = (request.String(), request.NullableString());
        }

        request.Skip(4); // timeout
        var onlyValidate = header.Version >= 1 && request.Int8() != 0;

        var response = new WireWriter(header.Correlation);
        if (header.Version >= 2)
            response.Int32(0); // throttle
        response.Int32(wanted.Count);
        foreach (var (name, partitions) in wanted)
        {
            response.String(name).Error(Create(name, partitions, onlyValidate, log));
            if (header.Version >= 1)
                response.String(null); // no message
        }

        return response.ToFrame();
    }

    /// <summary>The mock's answer to ApiVersions, with CreateTopics added; null if it is an error (the client will ask in an older form).</summary>
    public static byte[]? Announce(ReadOnlySpan<byte> response)
    {
        var reader = new WireReader(response);
        var (correlation, error) = (reader.Int32(), reader.Int16());
        if (error != 0)
            return null;
        var announced = new WireWriter(correlation).Int16(error);
        var count = reader.ArrayLength();
        announced.Int32(count + 1).Int16((short)Api.CreateTopics).Int16(0).Int16(LatestVersion);
        return announced.Raw(response[reader.Position..]).ToFrame();
    }

    private static Error Create(string name, int partitions, bool onlyValidate, MockCluster log)
    {
        if (!LegalName().IsMatch(name))
            return Error.InvalidTopic;
        if (partitions is 0 or < -1 or > MaxPartitions)
            return Error.InvalidPartitions;
        var isNew = onlyValidate ? !log.HasTopic(name) : log.TryCreateTopic(name, partitions == -1 ? null : partitions);
        return isNew ? Error.None : Error.TopicAlreadyExists;
    }

    [GeneratedRegex(@"^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}\z")]
    private static partial Regex LegalName();
}
