using System.Text.Json;
using System.Text.Json.Nodes;
using ForgeShop.Contracts;
using ForgeShop.Fuzz.Ids;
using Json.Schema;

namespace ForgeShop.Polyglot.Tests;

/// <summary>The contracts in other languages and their vectors are what shared/Contracts generates.</summary>
public sealed class ContractFilesTests
{
    private const string Update = "UpdateContracts";

    private static readonly JsonObject Schemas = EventSchemas.Generate();

    private static readonly JsonObject Facts = new()
    {
        ["events"] = new JsonObject(EventSchemas.Events.Select(data => KeyValuePair.Create<string, JsonNode?>(
            EventSchemas.TypeOf(data),
            new JsonObject { ["topic"] = EventSchemas.TopicOf(data), ["version"] = EventSchemas.VersionOf(data) }))),
        ["currencyDecimals"] = new JsonObject(Currencies.All.Order(StringComparer.Ordinal)
            .Select(code => KeyValuePair.Create(code, (JsonNode?)Currencies.DecimalsOf(code)))),
    };

    private static readonly Dictionary<string, Func<string>> Files = new()
    {
        ["docs/events/schemas.json"] = () => Json(Schemas),
        ["polyglot/javascript/contracts/events.d.mts"] = () => TypeScript.Types(Schemas),
        ["polyglot/javascript/contracts/events.mjs"] = () => TypeScript.Values(Facts),
        ["polyglot/python/forge_id/contracts.json"] = () => Json(Facts),
        ["polyglot/go/contracts/contracts.json"] = () => Json(Facts),
        ["polyglot/java/src/main/java/example/forgeshop/forge/ContractFacts.java"] = () => Java.Facts(Facts),
        ["polyglot/sql/contract_facts.sql"] = () => Sql.Facts(Facts),
        ["vectors/values.json"] = () => Json(ValueVectors.Generate()),
        ["vectors/events.json"] = () => Json(EventVectors.Generate()),
    };

    public static TheoryData<string> Names => [.. Files.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Committed_file_is_what_the_contracts_generate(string name)
    {
        var (file, text) = (Path.Combine(Port.Root, name), Files[name]());
        var committed = File.Exists(file) ? await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) : "";
        if (text == committed)
            return;
        if (Environment.GetEnvironmentVariable(Update) != "yes")
            Assert.Fail($"{name} differs from shared/Contracts. Run this test once with {Update}=yes, which writes the file.");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Every_type_has_a_sample_that_its_schema_accepts()
    {
        SampleEvents.All.Select(sample => sample.Data.GetType()).Distinct().ShouldBe(EventSchemas.Events, ignoreOrder: true);
        foreach (var sample in SampleEvents.All)
        {
            var type = sample.Data.GetType();
            var body = JsonSerializer.SerializeToElement(sample.Data, type, ContractsJson.Options);
            Accepts(type, body).ShouldBeTrue($"{type.Name}: {body}");
            // Without its members it is none.
            Accepts(type, JsonElement.Parse("{}")).ShouldBeFalse(type.Name);
        }
    }

    [Fact]
    public void Sample_is_read_back_as_it_was_written()
    {
        foreach (var sample in SampleEvents.All)
        {
            var type = sample.Data.GetType();
            var body = JsonSerializer.Serialize(sample.Data, type, ContractsJson.Options);
            var read = JsonSerializer.Deserialize(body, type, ContractsJson.Options);
            JsonSerializer.Serialize(read, type, ContractsJson.Options).ShouldBe(body);
        }
    }

    private static bool Accepts(Type type, JsonElement body)
    {
        var schema = Schemas.DeepClone();
        schema.AsObject().Remove("$id");
        schema["$ref"] = $"#/$defs/{type.Name}";
        return JsonSchema.FromText(schema.ToJsonString()).Evaluate(body).IsValid;
    }

    private static string Json(JsonObject content) => content.ToJsonString(Text.Indented) + "\n";
}
