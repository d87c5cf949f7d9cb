using System.Text.Json;

namespace ForgeShop.Forge.Tests;

public sealed class IdCommandTests
{
    private const string Ada = "6e16f6c3-de6b-55c3-80ba-75907720bb8a";
    private const string CartOfAda = "7e558d62-0221-5a98-9949-a65bfd2da23e";

    [Fact]
    public void Plain_key_prints_one_line_with_the_ID()
    {
        var tool = Tool.Run("id", "users", "  Ada@Example.COM");
        tool.ExitCode.ShouldBe(0);
        tool.Output.ShouldBe(Ada + "\n");
        tool.Error.ShouldBeEmpty();
    }

    [Fact]
    public void Record_fields_are_accepted_in_any_order()
    {
        Tool.Run("id", "orders", $"user={Ada}", "reference=cart-1").Output.ShouldBe(CartOfAda + "\n");
        Tool.Run("id", "orders", "reference=cart-1", $"user={Ada.ToUpperInvariant()}").Output.ShouldBe(CartOfAda + "\n");
    }

    [Fact]
    public void Value_is_everything_after_the_first_equals_sign() =>
        Tool.Run("id", "files", "sha256=a=b", "size=3").ExitCode.ShouldBe(0);

    [Fact]
    public void Json_output_has_every_step()
    {
        using var json = JsonDocument.Parse(Tool.Run("id", "users", "ada@example.com", "--json").Output);
        var root = json.RootElement;
        root.GetProperty("id").GetString().ShouldBe(Ada);
        root.GetProperty("prefixed").GetString().ShouldBe("usr_" + Ada);
        root.GetProperty("entity").GetString().ShouldBe("users");
        root.GetProperty("algorithm").GetString().ShouldBe("v5");
        root.GetProperty("namespace").GetString().ShouldBe("b88acabb-5ec4-57e8-bf22-dce375bb2075");
        root.GetProperty("name").GetString().ShouldBe("ada@example.com");
    }

    [Theory]
    [InlineData("v5")]
    [InlineData("v8-sha256")]
    public void Explanation_ends_with_the_ID_and_its_digest(string algorithm)
    {
        var tool = Tool.Run("id", "users", "ada@example.com", "--explain", "--algorithm", algorithm);
        var id = Tool.Run("id", "users", "ada@example.com", "--algorithm", algorithm).LastLine;
        tool.LastLine.ShouldBe(id);
        var digest = tool.Lines.Single(line => line.StartsWith("digest", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        // All but the version digit and the variant digit.
        id.Replace("-", "", StringComparison.Ordinal)[..12].ShouldBe(digest[..12]);
        id[^12..].ShouldBe(digest[20..32]);
    }

    [Fact]
    public void Secret_selects_HMAC_and_is_not_printed()
    {
        const string variable = "FORGE_TESTS_SECRET";
        Environment.SetEnvironmentVariable(variable, "sixteen-bytes-ok");
        try
        {
            var tool = Tool.Run("id", "users", "a@b", "--secret-env", variable, "--explain");
            tool.LastLine.ShouldBe("cdb4677a-f91e-8c87-aa15-bfe879110447");
            tool.Output.ShouldNotContain("sixteen");
            Tool.Run("id", "users", "a@b", "--secret-env", variable, "--algorithm", "v5").ShouldBeRefused("uses none");
            Environment.SetEnvironmentVariable(variable, "too-short");
            Tool.Run("id", "users", "a@b", "--secret-env", variable).ShouldBeRefused("9 bytes");
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
        Tool.Run("id", "users", "a@b", "--secret-env", variable).ShouldBeRefused("not set");
    }

    [Fact]
    public void Domain_changes_the_ID_and_its_case_does_not()
    {
        var id = Tool.Run("id", "users", "ada@example.com", "--domain", "Shop.Example").Output;
        id.ShouldNotBe(Ada + "\n");
        Tool.Run("id", "users", "ada@example.com", "--domain", "shop.example").Output.ShouldBe(id);
    }

    [Fact]
    public void Catalogue_option_reads_another_catalogue()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{"domain":"forgeshop.example","entities":{"tags":{"key":{"names":["text"],"at":{"x":"int"}}}}}""");
            var tool = Tool.RunWith("""{"names":["b","a"],"at":{"x":3}}""", "id", "tags", "--stdin", "--json", "--catalogue", file);
            tool.Error.ShouldBeEmpty();
            JsonDocument.Parse(tool.Output).RootElement.GetProperty("name").GetString()
                .ShouldBe("""["forge:1","tags",{"at":{"x":"int:3"},"names":["text:b","text:a"]}]""");
            Tool.Run("id", "users", "a@b", "--catalogue", file).ShouldBeRefused("tags");
        }
        finally
        {
            File.Delete(file);
        }
        Tool.Run("id", "users", "a@b", "--catalogue", file).ShouldBeRefused("cannot be read");
    }

    [Fact]
    public void Stdin_has_one_key_a_line()
    {
        var tool = Tool.RunWith("ada@example.com\r\nADA@example.com\n ada@example.com", "id", "users", "--stdin");
        tool.ExitCode.ShouldBe(0);
        tool.Lines.ShouldBe([Ada, Ada, Ada]);
    }

    [Fact]
    public void Stdin_records_have_spaces_tabs_or_JSON()
    {
        var lines = $"user={Ada} reference=cart-1\nreference=cart-1\tuser={Ada}\n{{\"reference\":\"cart-1\",\"user\":\"{Ada}\"}}\n";
        Tool.RunWith(lines, "id", "orders", "--stdin").Lines.ShouldBe([CartOfAda, CartOfAda, CartOfAda]);
        var spaced = Tool.RunWith($"user={Ada}\treference=cart 1\n", "id", "orders", "--stdin");
        spaced.Output.ShouldBe(Tool.Run("id", "orders", $"user={Ada}", "reference=cart 1").Output);
    }

    [Fact]
    public void Bad_line_of_stdin_stops_the_batch_and_is_named()
    {
        var tool = Tool.RunWith("a@b\nnot-an-address\nc@d\n", "id", "users", "--stdin");
        tool.ExitCode.ShouldBe(2);
        tool.Lines.Length.ShouldBe(1);
        tool.Error.ShouldBe("forge: line 2: users: the key of kind email is not of the form local@domain\n");
    }

    [Fact]
    public void Stdin_that_is_not_UTF8_is_refused() =>
        Tool.RunWith([.. "caf"u8, 0xE9, (byte)'\n'], "id", "products", "--stdin").ShouldBeRefused("line 1: the key is not valid UTF-8");

    [Theory]
    [InlineData("""{"user":"x""", "not a JSON object")]
    [InlineData("""{"\ud800":"x"}""", "U+D800")]
    [InlineData("""{"reference":"\ud800"}""", "U+D800")]
    [InlineData("""{"reference":null}""", "field 'reference' is missing")]
    [InlineData("""{"reference":{"a":"b"}}""", "declared shape")]
    [InlineData("""{"reference":5}""", "field 'reference' is declared as text and was given as another kind")]
    [InlineData("""{"reference":true}""", "field 'reference' is declared as text and was given as another kind")]
    [InlineData("""{"user":1.5}""", "field 'user' is declared as uuid and was given as another kind")]
    public void Stdin_JSON_other_than_a_key_is_refused(string line, string because) =>
        Tool.RunWith(line, "id", "orders", "--stdin").ShouldBeRefused(because);

    [Fact]
    public void Stdin_JSON_numbers_and_booleans_are_accepted_as_by_the_library()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file,
                """
                {"domain":"forgeshop.example","entities":{"things":{"key":
                {"n":"int","d":"dec","ok":"bool","all":[{"n":"int"}],"at":{"d":"dec"}}}}}
                """);
            string Json(string n, string d, string ok, string inList, string inRecord) =>
                $$$"""{"n":{{{n}}},"d":{{{d}}},"ok":{{{ok}}},"all":[{"n":{{{inList}}}}],"at":{"d":{{{inRecord}}}}}""";
            Tool Run(string line) => Tool.RunWith(line, "id", "things", "--stdin", "--json", "--catalogue", file);

            var numbers = Run(Json("12345678901234567890123", "1.10", "true", "-1", "2"));
            numbers.Error.ShouldBeEmpty();
            JsonDocument.Parse(numbers.Output).RootElement.GetProperty("name").GetString()
                .ShouldBe(
                    """["forge:1","things",{"all":[{"n":"int:-1"}],"at":{"d":"dec:2"}"""
                    + ""","d":"dec:1.1","n":"int:12345678901234567890123","ok":"bool:true"}]""");
            Run(Json("\"12345678901234567890123\"", "\"1.10\"", "\"true\"", "\"-1\"", "\"2\"")).Output.ShouldBe(numbers.Output);

            // Refused instead of rounded.
            Run(Json("1.0", "1", "true", "1", "1")).ShouldBeRefused("field 'n' of kind int has U+002E");
            Run(Json("1e2", "1", "true", "1", "1")).ShouldBeRefused("field 'n' of kind int has U+0065");
            Run(Json("1", "true", "true", "1", "1")).ShouldBeRefused("field 'd' is declared as dec");
            Run(Json("1", "1", "1", "1", "1")).ShouldBeRefused("field 'ok' is declared as bool");
            Run(Json("1", "1", "true", "false", "1")).ShouldBeRefused("field 'all[0].n' is declared as int");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Stdin_of_10000_lines_and_a_long_one_is_derived()
    {
        var lines = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"user-{i}@example.com\n"));
        var tool = Tool.RunWith(lines, "id", "users", "--stdin");
        tool.Lines.Length.ShouldBe(10_000);
        tool.Lines.Distinct().Count().ShouldBe(10_000);
        Tool.RunWith(new string('a', 70_000), "id", "users", "--stdin").ShouldBeRefused("longer than 254 bytes");
        Tool.RunWith(new byte[3 << 20], "id", "users", "--stdin").ShouldBeRefused("mebibyte");
    }

    [Theory]
    [InlineData("no such entity type", "id", "nonsense", "x")]
    [InlineData("kind email has U+00E9", "id", "users", "adé@example.com")]
    [InlineData("kind email is empty", "id", "users", "")]
    [InlineData("exactly one key", "id", "users")]
    [InlineData("exactly one key", "id", "users", "a@b", "c@d")]
    [InlineData("field 'user' is missing", "id", "orders", "reference=x")]
    [InlineData("field 'user' of kind uuid", "id", "orders", "reference=x", "user=secret-value")]
    [InlineData("field 'colour' is not a field", "id", "orders", "reference=x", "colour=red")]
    [InlineData("field 'reference' is given twice", "id", "orders", "reference=x", "reference=x", "user=" + Ada)]
    [InlineData("takes a record", "id", "orders", "secret-value")]
    [InlineData("U+0041", "id", "orders", "A=secret-value")]
    [InlineData("U+000A", "id", "orders", "a\nb=secret-value")]
    [InlineData("U+FFFD", "id", "products", "\uFFFD")]
    [InlineData("no such option", "id", "products", "--josn")]
    [InlineData("--algorithm", "id", "users", "a@b", "--algorithm", "v6")]
    [InlineData("--secret-env", "id", "users", "a@b", "--algorithm", "v8-hmac-sha256")]
    [InlineData("domain", "id", "users", "a@b", "--domain", "two..dots")]
    [InlineData("U+000A", "id", "users", "a@b", "--domain", "a\nb")]
    [InlineData("from the input", "id", "users", "a@b", "--stdin")]
    [InlineData("from the input", "id", "users", "--stdin=secret-value")] // to the parser it is a key after a switch
    [InlineData("exactly one key", "id", "users", "a@b", "--json:secret-value")]
    [InlineData("no such entity type", "id", "--stdin=secret-value")]
    [InlineData("TYPE is missing", "id")]
    [InlineData("TYPE is missing", "id", "--stdin")]
    [InlineData("FILE is missing", "vectors")]
    [InlineData("--domain takes one value", "id", "users", "secret-value", "--domain")]
    [InlineData("--domain takes one value", "id", "users", "a@b", "--domain=secret-value", "--domain=secret-value")]
    [InlineData("forge:", "--version", "id", "secret-value")]
    [InlineData("forge:", "secret-value", "id", "users", "a@b")]
    [InlineData("--algorithm", "id", "users", "a@b", "--algorithm=secret-value")]
    [InlineData("is not set", "id", "users", "a@b", "--secret-env=secret-value")]
    [InlineData("cannot be read", "id", "users", "a@b", "--catalogue=secret-value")]
    [InlineData("no such entity type", "id", "secret-value", "a@b")]
    [InlineData("forge:")]
    [InlineData("forge:", "nonsense")]
    public void Unusable_input_exits_2_with_one_line(string because, params string[] arguments)
    {
        var tool = Tool.Run(arguments);
        tool.ShouldBeRefused(because);
        tool.Error.ShouldNotContain("secret-value");
    }

    [Fact]
    public void Key_may_begin_with_an_at_sign_or_after_two_hyphens_with_a_hyphen()
    {
        Tool.Run("id", "products", "@list").ExitCode.ShouldBe(0);
        Tool.Run("id", "products", "--", "-1").ExitCode.ShouldBe(0);
    }

    [Fact]
    public void Help_exits_0()
    {
        var tool = Tool.Run("--help");
        tool.ExitCode.ShouldBe(0);
        tool.Output.ShouldContain("vectors");
    }
}
