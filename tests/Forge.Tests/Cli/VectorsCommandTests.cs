using System.Text.Json.Nodes;

namespace ForgeShop.Forge.Tests;

public sealed class VectorsCommandTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("rfc9562.json", 80)]
    [InlineData("forge-id.json", 805)]
    [InlineData("jcs.json", 85)]
    [InlineData("uuid-forge.json", 223)]
    [InlineData("uuid-forge.extra.json", 87)]
    [InlineData("python-nonprintable.json", 3)]
    public void Every_vector_of_the_project_passes(string file, int count)
    {
        var tool = Tool.Run("vectors", Repository.Vectors(file));
        tool.Output.ShouldBe($"{count} passed, 0 failed\n");
        tool.ExitCode.ShouldBe(0);
    }

    [Fact]
    public void Several_files_are_added_up() =>
        Tool.Run("vectors", Repository.Vectors("rfc9562.json"), Repository.Vectors("jcs.json")).Output.ShouldBe("165 passed, 0 failed\n");

    // The check itself can fail: whatever a vector says, the opposite does not pass.
    [Theory]
    [InlineData("rfc9562.json")]
    [InlineData("forge-id.json")]
    [InlineData("jcs.json")]
    [InlineData("uuid-forge.json")]
    public void No_vector_passes_once_it_is_falsified(string file)
    {
        var root = JsonNode.Parse(File.ReadAllText(Repository.Vectors(file)))!;
        var vectors = (root as JsonArray)?.ToList() ?? [.. root.AsObject().Where(member => member.Value is JsonArray).SelectMany(member => member.Value!.AsArray())];
        foreach (var vector in vectors) Falsify(vector!.AsObject());
        File.WriteAllText(_file, root.ToJsonString());
        var tool = Tool.Run("vectors", _file);
        tool.LastLine.ShouldBe($"0 passed, {vectors.Count} failed");
        tool.ExitCode.ShouldBe(1);
    }

    private static void Falsify(JsonObject vector)
    {
        if (vector.Remove("error"))
        {
            foreach (var member in new[] { "canonical", "uuid" }) vector[member] = "11111111-1111-5111-8111-111111111111";
            return;
        }
        // Change what is expected, one member after another, and it must be noticed each time; here: all that there is.
        foreach (var member in new[] { "uuid", "canonical", "canonical_utf8_hex" })
        {
            if (vector[member] is { } value) vector[member] = value.GetValue<string>() + "0";
        }
    }

    [Theory]
    [InlineData("namespace")]
    [InlineData("name")]
    [InlineData("uuid")]
    public void Each_member_of_an_ID_vector_is_compared(string member)
    {
        var vector = JsonNode.Parse("""{"algorithm":"v5","domain":"forgeshop.example","entity":"users","key":{"kind":"email","value":"ada@example.com"},"namespace":"b88acabb-5ec4-57e8-bf22-dce375bb2075","name":"ada@example.com","uuid":"6e16f6c3-de6b-55c3-80ba-75907720bb8a"}""")!;
        Write(vector).LastLine.ShouldBe("1 passed, 0 failed");
        vector[member] = "x";
        Write(vector).LastLine.ShouldBe("0 passed, 1 failed");
    }

    [Theory]
    [InlineData("""{"kind":"email","input":"a@b"}""")] // expects nothing
    [InlineData("""{"kind":"emial","input":"a@b","canonical":"a@b"}""")]
    [InlineData("""{"kind":"email","input":null,"canonical":""}""")]
    [InlineData("""{"kind":5,"input":"a@b","canonical":"a@b"}""")]
    [InlineData("""{"algorithm":"v6","domain":"d","entity":"e","key":{"kind":"text","value":"x"},"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","key":[],"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","key":{"fields":{}},"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","key":{"fields":[["a"]]},"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","key":{"fields":[["\ud800",{"kind":"text","value":"x"}]]},"uuid":""}""")]
    [InlineData("""{"algorithm":"v8-hmac-sha256","domain":"d","entity":"e","key":{"kind":"text","value":"x"},"uuid":""}""")]
    [InlineData("""{"algorithm":"uuidv5-sha1","namespace":"{6ba7b810-9dad-11d1-80b4-00c04fd430c8}","name":"x","uuid":""}""")]
    [InlineData("""{"algorithm":"uuidv5-sha1","namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","name":{"repeat":"a","count":2000000000},"uuid":""}""")]
    [InlineData("""{"algorithm":"uuidv5-sha1","namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","name":{"hex":"0"},"uuid":""}""")]
    [InlineData("""{"algorithm":"uuidv5-sha1","namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","name":"\ud800","uuid":""}""")]
    [InlineData("""{"input":"\ud800","canonical":"\ud800"}""")]
    [InlineData("""{"entity_type":"t","args":[{"t":"set","v":[]}],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","args":[{"t":"int","v":"one"}],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","args":[{"t":"dict","v":[1]}],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","args":{},"uuid":""}""")]
    [InlineData("""{"entity_type":"t","kwargs":{"\ud800":{"t":"none"}},"uuid":""}""")]
    [InlineData("""{"entity_type":"\ud800","args":[],"uuid":""}""")]
    [InlineData("""{"entity_type":"t","namespace":{"uuid":"x"},"args":[],"uuid":""}""")]
    public void A_vector_that_makes_no_sense_fails_and_passes_as_a_refusal(string json)
    {
        Write(JsonNode.Parse(json)!, asText: json).LastLine.ShouldBe("0 passed, 1 failed");
        if (json.Contains("canonical\":\"", StringComparison.Ordinal) || json.Contains("uuid", StringComparison.Ordinal))
        {
            Write(JsonNode.Parse(json)!, asText: json[..^1] + ",\"error\":null}").LastLine.ShouldBe("1 passed, 0 failed");
        }
    }

    [Fact]
    public void Lone_surrogates_and_hostile_depth_are_refusals_not_crashes()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 900)) + """{"kind":"int","value":"1"}""" + new string(']', 900);
        File.WriteAllText(_file, $$$"""
            [{"kind":"text","input":"a\ud800b","error":true},
             {"kind":"text","input":"\udc00\ud800","error":"lone-surrogate"},
             {"algorithm":"v5","domain":"forgeshop.example","entity":"things","key":{"fields":[["d",{{{deep}}}]]},"error":true}]
            """);
        Tool.Run("vectors", _file).Output.ShouldBe("3 passed, 0 failed\n");
    }

    [Fact]
    public void Names_may_be_made_of_parts()
    {
        File.WriteAllText(_file, """[{"algorithm":"uuidv5-sha1","namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","name":[{"hex":"707974"},"hon",{"repeat":".","count":1},"org"],"uuid":"886313e1-3b8a-5372-9b90-0c9aee199e5d"}]""");
        Tool.Run("vectors", _file).Output.ShouldBe("1 passed, 0 failed\n");
    }

    [Theory]
    [InlineData("""{"prefix":[{"entity_type":"invoice","kwargs":{"number":{"t":"int","v":"1"}},"prefix":"P","separator":"::","result":"P::a3311b62-bd37-56b5-b9dd-c9200e9bf005"}]}""", "a3311b62", "b3311b62")]
    [InlineData("""{"extract":[{"input":"INV-550e8400-e29b-41d4-a716-446655440000","separator":"-","uuid":"550e8400-e29b-41d4-a716-446655440000"}]}""", "\"uuid\":\"5", "\"uuid\":\"6")]
    [InlineData("""{"env":[{"env":{"UUID_FORGE_NAMESPACE":"mycompany.com"},"namespace_uuid":"cf04bb62-eed1-589c-9900-ac86662dd66f","namespace_domain":"mycompany.com","salt":""}]}""", "cf04", "cf05")]
    [InlineData("""{"x":{"cases":[{"entity_type":"t","utf16":["d800"],"name":"t|'\\ud800'","uuid":"87723eb0-240a-5fcf-8a8d-d4326b4893e4"}]}}""", "8772", "8773")]
    [InlineData("""{"x":[{"s":"\ud83e\udee8","uuid":{"3.11":"bd21c6f5-2cdf-5191-bac7-ee8e81c1a257","3.12":"d097274f-fab9-59d5-b793-c12d5b354b5c"}}]}""", "d097", "d098")]
    [InlineData("""[{"salt":"sixteen-bytes-ok","namespace_domain":"a.b","strict":false,"is_valid":true,"messages":["INFO: Salt is 16 characters. Consider using 32+ characters for optimal security."]}]""", "true", "false")]
    public void The_other_sorts_of_uuid_forge_vectors_can_fail_too(string file, string right, string wrong)
    {
        File.WriteAllText(_file, file);
        Tool.Run("vectors", _file).Output.ShouldBe("1 passed, 0 failed\n");
        File.WriteAllText(_file, file.Replace(right, wrong, StringComparison.Ordinal));
        Tool.Run("vectors", _file).LastLine.ShouldBe("0 passed, 1 failed");
    }

    [Fact]
    public void A_printable_table_that_differs_in_one_code_point_fails()
    {
        var table = File.ReadAllText(Repository.Vectors("python-nonprintable.json"));
        File.WriteAllText(_file, table.Replace("[173,", "[172,", StringComparison.Ordinal).Replace("[173, ", "[172, ", StringComparison.Ordinal));
        Tool.Run("vectors", _file).LastLine.ShouldBe("0 passed, 3 failed");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("5")]
    [InlineData("""[{"what":"is this"}]""")]
    [InlineData("[5]")]
    public void A_file_without_vectors_is_exit_2(string content)
    {
        File.WriteAllText(_file, content);
        var tool = Tool.Run("vectors", _file);
        tool.ExitCode.ShouldBe(2);
        tool.LastLine.ShouldBe("0 passed, 0 failed");
        tool.Error.Count(c => c == '\n').ShouldBe(1);
    }

    [Fact]
    public void A_file_that_is_missing_or_not_UTF8_is_exit_2_and_the_others_still_run()
    {
        File.WriteAllBytes(_file, [(byte)'[', (byte)'"', 0xFF, (byte)'"', (byte)']']);
        var tool = Tool.Run("vectors", _file, "/no/such/file", Repository.Vectors("jcs.json"));
        tool.ExitCode.ShouldBe(2);
        tool.LastLine.ShouldBe("85 passed, 0 failed");
        tool.Error.Count(c => c == '\n').ShouldBe(2);
    }

    [Fact]
    public void Hostile_names_of_vectors_stay_on_one_line()
    {
        File.WriteAllText(_file, """[{"id":"a\nb\u001b[31m","kind":"int","input":"1","canonical":"2"}]""");
        Tool.Run("vectors", _file).Lines.Length.ShouldBe(2);
    }

    private Tool Write(JsonNode vector, string? asText = null)
    {
        File.WriteAllText(_file, $"[{asText ?? vector.ToJsonString()}]");
        return Tool.Run("vectors", _file);
    }
}
