using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using ForgeShop.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Tests;

public sealed partial class PublisherTests(Servers servers)
{
    private const string Topic = "publisher.events";
    private const int OutOfOrderSequenceNumber = 45;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Behind_a_message_that_Kafka_refuses_those_with_the_same_key_are_not_tried()
    {
        using var broker = new RefusingBroker();
        using var publisher = Publisher(_ => { }, broker.BootstrapServers);
        (await publisher.PublishAsync([Message("key")], Cancelled)).ShouldAllBe(outcome => outcome.Published);

        broker.RefuseNext(ErrorCode.MsgSizeTooLarge);
        var outcomes = await publisher.PublishAsync([Message("key"), Message("key"), Message("key")], Cancelled);

        outcomes.Select(outcome => (outcome.Tried, outcome.Published)).ShouldBe([(true, false), (false, false), (false, false)]);
        outcomes[0].RefusedForGood.ShouldBeTrue();
        (await publisher.PublishAsync([Message("key"), Message("key"), Message("key")], Cancelled)).Select(outcome => outcome.Offset).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_producer_that_failed_for_good_is_replaced()
    {
        var errors = new List<Error>();
        using var publisher = Publisher(errors.Add);
        var key = $"{Guid.NewGuid()}";
        (await publisher.PublishAsync([Message(key)], Cancelled)).ShouldAllBe(outcome => outcome.Published);

        // librdkafka's own way to provoke what an idempotent producer must not survive.
        var producer = (IClient)typeof(KafkaPublisher).GetField("_producer", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(publisher)!;
        rd_kafka_test_fatal_error(RefusingBroker.NativeHandle(producer), OutOfOrderSequenceNumber, "provoked by a test").ShouldBe(0);
        await Eventually.True("the error is reported", _ => Task.FromResult(errors.Exists(error => error.IsFatal)), cancellationToken: Cancelled);
        var refused = await publisher.PublishAsync([Message(key)], Cancelled);

        refused.ShouldAllBe(outcome => !outcome.Published && !outcome.RefusedForGood);
        (await publisher.PublishAsync([Message(key)], Cancelled)).ShouldAllBe(outcome => outcome.Published);
    }

    private KafkaPublisher Publisher(Action<Error> onError, string? kafka = null)
    {
        var options = Options.Create(new MessagingOptions { BootstrapServers = kafka ?? servers.Kafka.BootstrapServers });
        return new(new KafkaSettings(options, new ServiceName("publisher")), options, TimeProvider.System, NullLogger.Instance) { OnError = onError };
    }

    private static Outgoing Message(string key) => new(Topic, key, () => new() { Key = Encoding.UTF8.GetBytes(key), Value = [1] });

    [LibraryImport("librdkafka", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static partial int rd_kafka_test_fatal_error(nint client, int error, string reason);
}
