using System.Text.Json.Nodes;
using ForgeShop.Forge.Cli;
using ForgeShop.Vectors;

namespace ForgeShop.Forge.Compat.Tests;

/// <summary><c>./forge vectors</c> has the vectors of uuid-forge in addition to those of the packaged tool.</summary>
public sealed class VectorsCommandTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    private static string Vectors(string file) => Path.Combine(AppContext.BaseDirectory, "vectors", file);

    private static (int ExitCode, string LastLine) Run(params string[] files)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var exitCode = ForgeTool.Run(["vectors", .. files], Stream.Null, output, TextWriter.Null, AllVectors.Sorts);
        return (exitCode, output.ToString().TrimEnd('\n').Split('\n')[^1]);
    }

    private (int ExitCode, string LastLine) RunText(string json)
    {
        File.WriteAllText(_file, json);
        return Run(_file);
    }

    [Theory]
    [InlineData("uuid-forge.json", 223)]
    [InlineData("uuid-forge.extra.json", 87)]
    [InlineData("python-nonprintable.json", 3)]
    [InlineData("forge-id.json", 805)]
    public void Every_vector_of_the_project_passes(string file, int count) => Run(Vectors(file)).ShouldBe((0, $"{count} passed, 0 failed"));

    [Fact]
    public void Falsified_ID_fails()
    {
        var vectors = JsonNode.Parse(File.ReadAllText(Vectors("uuid-forge.json")))!.AsArray();
        foreach (var vector in vectors)
        {
            if (!vector!.AsObject().Remove("error")) vector["uuid"] = vector["uuid"]!.GetValue<string>() + "0";
            else vector["uuid"] = "11111111-1111-5111-8111-111111111111";
        }
        RunText(vectors.ToJsonString()).ShouldBe((1, $"0 passed, {vectors.Count} failed"));
    }

    [Theory]
    [InlineData("""{"entity_type":"t","args":[{"t":"set","v":[]}],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","args":[{"t":"int","v":"one"}],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","args":[{"t":"int","v":1}],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","args":[{"t":"dict","v":[1]}],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","args":[5],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","args":{},"uuid":""}""")]
    [InlineData("""{"entity_type":5,"args":[],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","kwargs":[],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","kwargs":{"\ud800":{"t":"none"}},"uuid":""}""")]
    [InlineData("""{"entity_type":"\ud800","args":[],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","namespace":{"uuid":"x"},"args":[],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","namespace":"x","args":[],"uuid":""}""")]
    public void Malformed_vector_fails_and_passes_as_a_refusal(string json)
    {
        RunText($"[{json}]").ShouldBe((1, "0 passed, 1 failed"));
        RunText($"[{json[..^1]},\"error\":null}}]").ShouldBe((0, "1 passed, 0 failed"));
    }

    [Theory]
    [InlineData(
        """
        {"prefix":[{"entity_type":"invoice","kwargs":{"number":{"t":"int","v":"1"}},"prefix":"P","separator":"::",
         "result":"P::a3311b62-bd37-56b5-b9dd-c9200e9bf005"}]}
        """, "a3311b62", "b3311b62")]
    [InlineData(
        """
        {"extract":[{"input":"INV-550e8400-e29b-41d4-a716-446655440000","separator":"-","uuid":"550e8400-e29b-41d4-a716-446655440000"}]}
        """, "\"uuid\":\"5", "\"uuid\":\"6")]
    [InlineData(
        """
        {"env":[{"env":{"UUID_FORGE_NAMESPACE":"mycompany.com"},"namespace_uuid":"cf04bb62-eed1-589c-9900-ac86662dd66f",
         "namespace_domain":"mycompany.com","salt":""}]}
        """, "cf04", "cf05")]
    [InlineData(
        """{"x":{"cases":[{"entity_type":"t","utf16":["d800"],"name":"t|'\\ud800'","uuid":"87723eb0-240a-5fcf-8a8d-d4326b4893e4"}]}}""",
        "8772", "8773")]
    [InlineData(
        """
        {"x":[{"s":"\ud83e\udee8",
         "uuid":{"3.11":"bd21c6f5-2cdf-5191-bac7-ee8e81c1a257","3.12":"d097274f-fab9-59d5-b793-c12d5b354b5c"}}]}
        """, "d097", "d098")]
    [InlineData(
        """
        [{"salt":"sixteen-bytes-ok","namespace_domain":"a.b","strict":false,"is_valid":true,
          "messages":["INFO: Salt is 16 characters. Consider using 32+ characters for optimal security."]}]
        """, "true", "false")]
    public void Falsified_vector_of_another_sort_fails(string file, string right, string wrong)
    {
        RunText(file).ShouldBe((0, "1 passed, 0 failed"));
        RunText(file.Replace(right, wrong, StringComparison.Ordinal)).ShouldBe((1, "0 passed, 1 failed"));
    }

    [Fact]
    public void Printable_table_that_differs_in_one_code_point_fails()
    {
        var table = File.ReadAllText(Vectors("python-nonprintable.json"));
        RunText(table.Replace("[173,", "[172,", StringComparison.Ordinal).Replace("[173, ", "[172, ", StringComparison.Ordinal))
            .ShouldBe((1, "0 passed, 3 failed"));
    }
}
