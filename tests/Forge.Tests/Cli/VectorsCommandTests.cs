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
    public void Every_vector_of_the_project_passes(string file, int count)
    {
        var tool = Tool.Run("vectors", Repository.Vectors(file));
        tool.Output.ShouldBe($"{count} passed, 0 failed\n");
        tool.ExitCode.ShouldBe(0);
    }

    [Fact]
    public void Several_files_have_one_total() =>
        Tool.Run("vectors", Repository.Vectors("rfc9562.json"), Repository.Vectors("jcs.json")).Output.ShouldBe("165 passed, 0 failed\n");

    // The check can fail: the opposite of each vector does not pass.
    [Theory]
    [InlineData("rfc9562.json")]
    [InlineData("forge-id.json")]
    [InlineData("jcs.json")]
    public void Falsified_vector_fails(string file)
    {
        var root = JsonNode.Parse(File.ReadAllText(Repository.Vectors(file)))!;
        var vectors = (root as JsonArray)?.ToList()
            ?? [.. root.AsObject().Where(member => member.Value is JsonArray).SelectMany(member => member.Value!.AsArray())];
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
        // Each expected member is changed in turn, and the check must fail each time.
        foreach (var member in new[] { "uuid", "canonical", "canonical_utf8_hex" })
        {
            if (vector[member] is { } value) vector[member] = value.GetValue<string>() + "0";
        }
    }

    [Theory]
    [InlineData("namespace")]
    [InlineData("name")]
    [InlineData("uuid")]
    public void Changed_member_of_an_ID_vector_fails(string member)
    {
        var vector = JsonNode.Parse(
            """
            {"algorithm":"v5","domain":"forgeshop.example","entity":"users","key":{"kind":"email","value":"ada@example.com"},
             "namespace":"b88acabb-5ec4-57e8-bf22-dce375bb2075","name":"ada@example.com","uuid":"6e16f6c3-de6b-55c3-80ba-75907720bb8a"}
            """)!;
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
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","secret":"sixteen-bytes-ok","key":{"kind":"text","value":"x"},"uuid":""}""")]
    [InlineData(
        """{"algorithm":"v8-sha256","domain":"d","entity":"e","secret":"sixteen-bytes-ok","key":{"kind":"text","value":"x"},"uuid":""}""")]
    [InlineData("""{"algorithm":"v8-hmac-sha256","domain":"d","entity":"e","secret":5,"key":{"kind":"text","value":"x"},"uuid":""}""")]
    [InlineData("""{"algorithm":5,"domain":"d","entity":"e","key":{"kind":"text","value":"x"},"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":null,"entity":"e","key":{"kind":"text","value":"x"},"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":["e"],"key":{"kind":"text","value":"x"},"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","key":"x","uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","key":{"kind":"int","value":5},"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","key":{"fields":[["a",5]]},"uuid":""}""")]
    [InlineData("""{"algorithm":"v5","domain":"d","entity":"e","key":{"fields":[[5,{"kind":"int","value":"5"}]]},"uuid":""}""")]
    [InlineData("""{"algorithm":"uuidv5-sha1","namespace":"{6ba7b810-9dad-11d1-80b4-00c04fd430c8}","name":"x","uuid":""}""")]
    [InlineData(
        """
        {"algorithm":"uuidv5-sha1","namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","name":{"repeat":"a","count":2000000000},"uuid":""}
        """)]
    [InlineData("""{"algorithm":"uuidv5-sha1","namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","name":{"hex":"0"},"uuid":""}""")]
    [InlineData("""{"algorithm":"uuidv5-sha1","namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","name":"\ud800","uuid":""}""")]
    [InlineData("""{"input":"\ud800","canonical":"\ud800"}""")]
    [InlineData("""{"\ud800":1,"\udc0012345":1,"input":"{","canonical":"{"}""")]
    public void Malformed_vector_fails_and_passes_as_a_refusal(string json)
    {
        Write(JsonNode.Parse(json)!, asText: json).LastLine.ShouldBe("0 passed, 1 failed");
        if (json.Contains("canonical\":\"", StringComparison.Ordinal) || json.Contains("uuid", StringComparison.Ordinal))
        {
            Write(JsonNode.Parse(json)!, asText: json[..^1] + ",\"error\":null}").LastLine.ShouldBe("1 passed, 0 failed");
        }
    }

    [Fact]
    public void Lone_surrogates_and_deep_nesting_are_refused()
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
    public void Name_of_several_parts_is_joined()
    {
        File.WriteAllText(_file,
            """
            [{"algorithm":"uuidv5-sha1","namespace":"6ba7b810-9dad-11d1-80b4-00c04fd430c8",
              "name":[{"hex":"707974"},"hon",{"repeat":".","count":1},"org"],"uuid":"886313e1-3b8a-5372-9b90-0c9aee199e5d"}]
            """);
        Tool.Run("vectors", _file).Output.ShouldBe("1 passed, 0 failed\n");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("5")]
    [InlineData("""[{"what":"is this"}]""")]
    [InlineData("[5]")]
    public void File_without_vectors_exits_2(string content)
    {
        File.WriteAllText(_file, content);
        var tool = Tool.Run("vectors", _file);
        tool.ExitCode.ShouldBe(2);
        tool.LastLine.ShouldBe("0 passed, 0 failed");
        tool.Error.Count(c => c == '\n').ShouldBe(1);
    }

    [Fact]
    public void Missing_or_non_UTF8_file_exits_2_and_the_others_run()
    {
        File.WriteAllBytes(_file, [(byte)'[', (byte)'"', 0xFF, (byte)'"', (byte)']']);
        var tool = Tool.Run("vectors", _file, "/no/such/file", Repository.Vectors("jcs.json"));
        tool.ExitCode.ShouldBe(2);
        tool.LastLine.ShouldBe("85 passed, 0 failed");
        tool.Error.Count(c => c == '\n').ShouldBe(2);
    }

    [Fact]
    public void Endless_file_exits_2()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "there is no /dev/zero");
        Tool.Run("vectors", "/dev/zero").Error.ShouldBe("forge: zero: the file is larger than 256 MiB\n");
        Tool.Run("vectors", Path.GetTempPath()).Error.ShouldContain("cannot be read");
    }

    [Fact]
    public void Wrong_type_anywhere_in_a_vector_fails_without_a_crash()
    {
        // Each member of a vector of each file, however deep, replaced by each sort of JSON value.
        foreach (var file in new[] { "forge-id.json", "rfc9562.json", "jcs.json" })
        {
            var root = JsonNode.Parse(File.ReadAllText(Repository.Vectors(file)))!;
            var vectors = root as JsonArray ?? root["ids"]!.AsArray();
            var sample = vectors.Select(vector => vector!.ToJsonString()).MaxBy(json => json.Length < 600 ? json.Length : 0)!;
            for (var place = 0; place < Places(JsonNode.Parse(sample)!).Count; place++)
            {
                foreach (var other in new[] { "null", "true", "5", "1e999", "\"\\ud800\"", "[]", "{}", "[[[]]]", "{\"fields\":5}" })
                {
                    var vector = JsonNode.Parse(sample)!;
                    Places(vector)[place]("OTHER");
                    var json = vector.ToJsonString().Replace("\"OTHER\"", other, StringComparison.Ordinal);
                    Write(vector, json).ExitCode.ShouldBeInRange(0, 2, json);
                }
            }
        }
    }

    private static List<Action<JsonNode?>> Places(JsonNode node) => node switch
    {
        JsonObject members =>
            [.. members.SelectMany(member =>
            (IEnumerable<Action<JsonNode?>>)[other => members[member.Key] = other, .. member.Value is null ? [] : Places(member.Value)])],
        JsonArray items =>
            [.. items.SelectMany((item, index) =>
            (IEnumerable<Action<JsonNode?>>)[other => items[index] = other, .. item is null ? [] : Places(item)])],
        _ => [],
    };

    [Fact]
    public void Hostile_name_of_a_vector_stays_on_one_line()
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
