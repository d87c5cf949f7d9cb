using Confluent.Kafka;

namespace ForgeShop.DevKafka.Tests;

/// <summary>The program: start, stop, kill and restart.</summary>
public sealed class ProcessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Topics_records_and_group_offsets_survive_a_restart(bool kill)
    {
        await using var broker = await DevKafkaProcess.StartNewAsync();
        var clients = new Clients(broker.Address);
        await clients.CreateTopicAsync("kept", 3, new() { ["max.message.bytes"] = "2000000" });
        using var producer = clients.Producer();
        for (var i = 0; i < 10; i++)
            await producer.ProduceAsync(new TopicPartition("kept", 0), new() { Key = "k", Value = $"{i}" }, Token);
        using (var consumer = clients.Consumer("group"))
        {
            consumer.Subscribe("kept");
            for (var i = 0; i < 4; i++)
                consumer.Commit(Clients.Next(consumer));
            consumer.Close();
        }

        if (kill)
            await broker.KillAsync();
        else
            (await broker.StopAsync()).ShouldBe(0);
        await broker.StartAsync();

        using var admin = clients.Admin();
        admin.GetMetadata("kept", Eventually.DefaultTimeout).Topics[0].Partitions.Count.ShouldBe(3);
        var configs = await admin.DescribeConfigsAsync([new() { Name = "kept", Type = Confluent.Kafka.Admin.ResourceType.Topic }]);
        configs[0].Entries["max.message.bytes"].Value.ShouldBe("2000000");
        using var resumed = clients.Consumer("group");
        resumed.Subscribe("kept");
        Enumerable.Range(0, 6).Select(_ => Clients.Next(resumed).Message.Value).ShouldBe(["4", "5", "6", "7", "8", "9"]);
        (await producer.ProduceAsync(new TopicPartition("kept", 0), new() { Key = "k", Value = "10" }, Token)).Offset.Value.ShouldBe(10);
        broker.Errors.ShouldNotContain("error:");
    }

    [Fact]
    public async Task Cluster_ID_belongs_to_the_data_folder()
    {
        await using var broker = await DevKafkaProcess.StartNewAsync();
        await using var other = await DevKafkaProcess.StartNewAsync();
        var id = await ClusterIdAsync(broker);

        await broker.KillAsync();
        await broker.StartAsync();
        (await ClusterIdAsync(broker)).ShouldBe(id);
        await broker.StopAsync();
        await broker.StartAsync();
        (await ClusterIdAsync(broker)).ShouldBe(id);

        (await ClusterIdAsync(other)).ShouldNotBe(id);
        await broker.KillAsync();
        Directory.Delete(broker.DataFolder, recursive: true);
        await broker.StartAsync();
        (await ClusterIdAsync(broker)).ShouldNotBe(id, "the new folder has the same path");
    }

    [Fact]
    public async Task Clean_stop_does_not_wait_for_a_fetch_of_a_client()
    {
        await using var broker = await DevKafkaProcess.StartNewAsync();
        var clients = new Clients(broker.Address);
        using var producer = clients.Producer();
        await producer.ProduceAsync(new TopicPartition("topic", 0), new() { Key = "k", Value = "v" }, Token);
        using var consumer = clients.Consumer("group", config => config.FetchWaitMaxMs = 100_000);
        consumer.Assign(new TopicPartitionOffset("topic", 0, Offset.Beginning));
        Clients.Next(consumer);

        (await broker.StopAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Data_folder_is_for_its_owner_and_one_broker_only()
    {
        await using var broker = await DevKafkaProcess.StartNewAsync();

        var (exitCode, output, errors) = await DevKafkaProcess.RunAsync("--data", broker.DataFolder, "--port", "0");

        (exitCode, output).ShouldBe((2, string.Empty));
        errors.TrimEnd().Split('\n').ShouldHaveSingleItem().ShouldContain("used by another process");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(broker.DataFolder).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task Taken_port_and_bad_arguments_exit_2_with_one_line()
    {
        await using var broker = await DevKafkaProcess.StartNewAsync();
        var other = Path.Combine(Path.GetTempPath(), $"devkafka-{Guid.NewGuid():N}");
        string[][] runs =
        [
            ["--data", other, "--port", $"{broker.Port}"],
            ["--data", other, "--port", "70000"],
            ["--data", other, "--partitions", "0"],
            ["--data", other, "--segment-bytes", "many"],
            ["--data", other, "--no-such-option"],
            ["--port", "0"],
        ];
        foreach (var arguments in runs)
        {
            var (exitCode, output, errors) = await DevKafkaProcess.RunAsync(arguments);
            (exitCode, output).ShouldBe((2, string.Empty), errors);
            errors.TrimEnd().Split('\n').ShouldHaveSingleItem();
        }

        if (Directory.Exists(other))
            Directory.Delete(other, recursive: true);
    }

    private static async Task<string> ClusterIdAsync(DevKafkaProcess broker)
    {
        using var admin = new Clients(broker.Address).Admin();
        return (await admin.DescribeClusterAsync(new())).ClusterId;
    }
}
