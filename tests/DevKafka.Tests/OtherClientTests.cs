namespace ForgeShop.DevKafka.Tests;

/// <summary>Clients beside Confluent.Kafka: kcat with the librdkafka of the system, and two libraries for Node.js.</summary>
public sealed class OtherClientTests(DevKafkaFixture broker) : IClassFixture<DevKafkaFixture>
{
    private static readonly string NodeFolder = Path.Combine(AppContext.BaseDirectory, "node");

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("lz4")]
    [InlineData("snappy")]
    [InlineData("zstd")]
    public async Task Kcat_produces_and_consumes(string codec)
    {
        Assert.SkipUnless(Command.Exists("kcat", "-V"), "kcat is not installed.");
        var topic = $"kcat-{codec}";
        var lines = string.Join('\n', Enumerable.Range(0, 500).Select(i => $"key{i}:value {i}"));

        string[] both = ["-b", broker.Address, "-t", topic, "-K", ":", "-p", "0"];

        await Command.RunAsync("kcat", ["-P", .. both, "-z", codec, "-X", "enable.idempotence=true"], input: lines);
        var output = await Command.RunAsync("kcat", ["-C", .. both, "-q", "-o", "beginning", "-e"]);

        output.TrimEnd().ShouldBe(lines);
    }

    [Fact]
    public async Task Kcat_members_share_a_group()
    {
        Assert.SkipUnless(Command.Exists("kcat", "-V"), "kcat is not installed.");
        var lines = string.Join('\n', Enumerable.Range(0, 500).Select(i => $"key{i}:value {i}"));
        await Command.RunAsync("kcat", ["-b", broker.Address, "-P", "-t", "kcat-group", "-K", ":"], input: lines);
        string[] consume = ["-q", "-b", broker.Address, "-e", "-X", "auto.offset.reset=earliest", "-G", "kcat", "kcat-group"];

        var outputs = await Task.WhenAll(Command.RunAsync("kcat", consume), Command.RunAsync("kcat", consume));

        string.Concat(outputs).Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count().ShouldBe(500);
    }

    [Theory]
    [InlineData("kafkajs.mjs")]
    [InlineData("platformatic.mjs")]
    public async Task Node_members_share_a_group_and_take_over(string script)
    {
        Assert.SkipUnless(Command.Exists("node", "--version") && Command.Exists("npm", "--version"), "Node.js and npm are not installed.");
        if (!File.Exists(Path.Combine(NodeFolder, "node_modules", ".package-lock.json")))
            await Command.RunAsync("npm", ["ci", "--no-audit", "--no-fund"], NodeFolder);

        (await Command.RunAsync("node", [script, broker.Address], NodeFolder)).ShouldEndWith("ok\n");
    }
}
