using Confluent.Kafka;
using ForgeShop.Databases;
using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ForgeShop.Messaging.Tests;

public sealed class ConfigurationTests(Servers servers) : MessagingTest(servers)
{
    [Theory]
    [InlineData("Messaging:PublishBatchSize", "0", "PublishBatchSize")]
    [InlineData("Messaging:ConsumeBatchSize", "100000", "ConsumeBatchSize")]
    [InlineData("Messaging:MaxAttempts", "-1", "MaxAttempts")]
    [InlineData("Messaging:PollInterval", "00:00:00", "PollInterval")]
    [InlineData("Messaging:MinBackoff", "00:09:00", "MinBackoff is longer")]
    [InlineData("Messaging:OutboxRetention", "30.00:00:00", "OutboxRetention is longer")]
    public async Task Invalid_setting_stops_the_start_and_is_named(string key, string value, string message)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:kafka"] = "localhost:1";
        builder.Configuration[key] = value;
        builder.Services.AddForgeIds(builder.Configuration);
        builder.AddMessaging("test", messaging => messaging.Publish(Topic));
        using var host = builder.Build();

        var exception = await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));

        exception.Message.ShouldContain(message);
    }

    [Fact]
    public async Task Start_without_a_connection_string_of_Kafka_names_it()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddForgeIds(builder.Configuration);
        builder.AddMessaging("test", messaging => messaging.Publish(Topic));
        using var host = builder.Build();

        var exception = await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));

        exception.Message.ShouldContain("ConnectionStrings:kafka");
    }

    [Fact]
    public void Security_settings_reach_every_client_of_Kafka()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:kafka"] = "broker-1:9093,broker-2:9093",
            ["Kafka:SecurityProtocol"] = "SaslSsl",
            ["Kafka:SaslMechanism"] = "ScramSha512",
            ["Kafka:SaslUsername"] = "orders",
            ["Kafka:SaslPassword"] = "secret",
            ["Kafka:SslCaLocation"] = "/etc/ssl/kafka.pem",
        }).Build();
        var settings = new KafkaSettings(configuration, "orders");

        foreach (var config in new ClientConfig[] { settings.Admin(), settings.Producer(), settings.Consumer() })
        {
            config.BootstrapServers.ShouldBe("broker-1:9093,broker-2:9093");
            config.SecurityProtocol.ShouldBe(SecurityProtocol.SaslSsl);
            config.SaslMechanism.ShouldBe(SaslMechanism.ScramSha512);
            (config.SaslUsername, config.SaslPassword).ShouldBe(("orders", "secret"));
            config.SslCaLocation.ShouldBe("/etc/ssl/kafka.pem");
        }
        settings.Producer().Acks.ShouldBe(Acks.All);
        settings.Producer().EnableIdempotence.ShouldBe(true);
        settings.Consumer().GroupId.ShouldBe("orders");
    }

    [Fact]
    public async Task Topics_are_created_with_the_configured_partitions_and_no_others()
    {
        await using var kafka = new KafkaServer(partitions: 12);
        await kafka.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka, ("Messaging:Partitions", "3"));
        var counter = Guid.NewGuid();
        await service.CountAsync(counter);
        await service.HandledAsync(counter, 1);
        await service.HealthAsync();

        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        admin.GetMetadata(Eventually.DefaultTimeout).Topics.Where(topic => !topic.Topic.StartsWith("__", StringComparison.Ordinal))
            .Select(topic => (topic.Topic, topic.Partitions.Count)).Order()
            .ShouldBe([("counter.commands", 3), ("counter.commands.dlq", 3), (Topic, 3), (DeadLetterTopic, 3)]);
    }

    [Fact]
    public async Task Parallel_requests_stay_within_the_connection_pool()
    {
        await using var kafka = new KafkaServer();
        await using var service = await StartAsync(kafka, consumes: false);
        await using var server = await Servers.ConnectAsync(service.Database);
        var max = 0L;

        var requests = Task.WhenAll(Enumerable.Range(0, 200)
            .Select(_ => service.InScopeAsync(db => db.Database.ExecuteSqlRawAsync("SELECT pg_sleep(0.1)", Cancelled))));
        while (!requests.IsCompleted)
        {
            await using var count = new NpgsqlCommand(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", server);
            max = Math.Max(max, (long)(await count.ExecuteScalarAsync(Cancelled))!);
            await Task.Delay(20, Cancelled);
        }
        await requests;

        // The pool's 12, the relay's election and its clean-up.
        max.ShouldBeInRange(2, 14);
    }

    [Theory]
    [InlineData("Host=h", 12)]
    [InlineData("Host=h;Maximum Pool Size=3", 3)]
    public void Connection_string_without_a_limit_gets_one(string connectionString, int size) =>
        new NpgsqlConnectionStringBuilder(DatabaseExtensions.WithLimits(connectionString)).MaxPoolSize.ShouldBe(size);
}
