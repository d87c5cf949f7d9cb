using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace ForgeShop.Forge.Cli;

/// <summary>A file of vectors: an array of one sort, or an object whose members are arrays. Nothing in it is trusted to be well-formed.</summary>
internal static class VectorFile
{
    private const int MaxDepth = 2000;

    private static readonly IVectorShape[] Shapes = [new ForgeIdVector(), new ForgeKindVector(), new Rfc9562Vector(), new JcsVector()];

    public static IReadOnlyList<VectorOutcome> Check(string path)
    {
        using var document = Parse(Read(path));
        var outcomes = new List<VectorOutcome>();
        var known = false;
        foreach (var (label, vectors) in Lists(document.RootElement))
        {
            var index = 0;
            foreach (var vector in vectors.EnumerateArray())
            {
                var name = Name(vector, $"{label}[{index++}]");
                var shape = Array.Find(Shapes, shape => vector.ValueKind is JsonValueKind.Object && shape.Recognises(vector));
                known |= shape is not null;
                outcomes.Add(shape is null ? new VectorOutcome(name, "is no vector of a known sort") : Vector.Judge(shape, vector, name));
            }
        }
        return known || outcomes.Count == 0 ? outcomes : throw new UnusableException("the file holds no vectors of a known sort");
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
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

    private static IEnumerable<(string Label, JsonElement Vectors)> Lists(JsonElement root) => root.ValueKind switch
    {
        JsonValueKind.Array => [("", root)],
        JsonValueKind.Object => root.EnumerateObject().Where(member => member.Value.ValueKind is JsonValueKind.Array).Select(member => (member.Name, member.Value)),
        _ => throw new UnusableException("the file is neither an array nor an object of vectors"),
    };

    private static string Name(JsonElement vector, string place) =>
        Vector.Has(vector, "id") && vector.GetProperty("id") is { ValueKind: JsonValueKind.String } id ? JsonText.Read(id) : place;
}
