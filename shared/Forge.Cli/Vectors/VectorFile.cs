using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace ForgeShop.Forge.Cli;

/// <summary>
/// Files of vectors: an array of one sort, or an object whose members are arrays. The content may be malformed.
/// </summary>
internal sealed class VectorFile(VectorSorts sorts)
{
    private const int MaxDepth = 2000;
    private const int MaxMebibytes = 256;

    public IReadOnlyList<VectorOutcome> Check(string path)
    {
        using var document = Parse(Read(path));
        var outcomes = new List<VectorOutcome>();
        var known = false;
        foreach (var (name, vector) in Vectors(document.RootElement))
        {
            var shape = sorts.Shapes.FirstOrDefault(shape => vector.ValueKind is JsonValueKind.Object && shape.Recognises(vector));
            known |= shape is not null;
            outcomes.Add(shape is null ? new VectorOutcome(name, "is no vector of a known sort") : Vector.Judge(shape, vector, name));
        }
        return known || outcomes.Count == 0 ? outcomes : throw new UnusableException("the file holds no vectors of a known sort");
    }

    private static byte[] Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var content = new MemoryStream();
            // A device or a pipe has no length and may have no end.
            var buffer = new byte[1 << 16];
            for (var read = file.Read(buffer); read > 0; read = file.Read(buffer))
            {
                if (content.Length + read > MaxMebibytes << 20) throw new UnusableException($"the file is larger than {MaxMebibytes} MiB");
                content.Write(buffer, 0, read);
            }
            return content.ToArray();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UnusableException("the file cannot be read");
        }
    }

    private static JsonDocument Parse(byte[] json)
    {
        var text = json.AsMemory(json.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0);
        if (!Utf8.IsValid(text.Span)) throw new UnusableException("the file is not UTF-8");
        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException problem)
        {
            throw new UnusableException($"the file is not JSON (line {problem.LineNumber + 1})");
        }
    }

    // An array of vectors; or an object that holds such arrays (one level down, too: {"about": ..., "cases": [...]}), or vectors by name.
    private IEnumerable<(string Name, JsonElement Vector)> Vectors(JsonElement root) => root.ValueKind switch
    {
        JsonValueKind.Array => Numbered("", root),
        JsonValueKind.Object =>
            root.EnumerateObject().Select(member => (Name: JsonText.Name(member), member.Value))
            .Where(member => !sorts.Prose.Contains(member.Name)).SelectMany(member => member.Value.ValueKind switch
        {
            JsonValueKind.Array => Numbered(member.Name, member.Value),
            JsonValueKind.Object => member.Value.EnumerateObject().SelectMany(inner => inner.Value.ValueKind switch
            {
                JsonValueKind.Array => Numbered($"{member.Name}.{JsonText.Name(inner)}", inner.Value),
                JsonValueKind.Object => [(JsonText.Name(inner), inner.Value)],
                _ => [],
            }),
            _ => [],
        }),
        _ => throw new UnusableException("the file is neither an array nor an object of vectors"),
    };

    private static IEnumerable<(string Name, JsonElement Vector)> Numbered(string label, JsonElement vectors) =>
        vectors.EnumerateArray().Select((vector, index) => (Name(vector, $"{label}[{index}]"), vector));

    private static string Name(JsonElement vector, string place) =>
        Vector.Has(vector, "id") && Vector.Get(vector, "id") is { ValueKind: JsonValueKind.String } id ? JsonText.Read(id) : place;
}
