using System.Text;

namespace ForgeShop.DevKafka.Tests;

/// <summary>Requests that no client library sends, as bytes.</summary>
public sealed class ProtocolTests(DevKafkaFixture broker) : IClassFixture<DevKafkaFixture>, IAsyncLifetime
{
    private readonly string _topic = $"topic-{Guid.NewGuid():N}";
    private RawClient _client = null!;

    private int Port => int.Parse(broker.Address.Split(':')[1]);

    public async ValueTask InitializeAsync()
    {
        _client = await RawClient.ConnectAsync(Port);
        (await _client.FindTopicAsync(_topic, allowAutoCreation: true)).ShouldBe(ErrorCode.None);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Duplicate_of_the_last_five_batches_returns_its_offset()
    {
        for (var i = 0; i < 6; i++)
            (await ProduceAsync(sequence: i * 2)).ShouldBe((ErrorCode.None, i * 2L));

        (await ProduceAsync(sequence: 10)).ShouldBe((ErrorCode.None, 10L));
        (await ProduceAsync(sequence: 2)).ShouldBe((ErrorCode.None, 2L));
        (await ProduceAsync(sequence: 0)).Error.ShouldBe(ErrorCode.OutOfOrderSequenceNumber, "only five batches are remembered");
        (await ProduceAsync(sequence: 14)).Error.ShouldBe(ErrorCode.OutOfOrderSequenceNumber, "there is a gap");
        (await ProduceAsync(sequence: 12)).ShouldBe((ErrorCode.None, 12L));
    }

    [Fact]
    public async Task Older_epoch_is_fenced_and_newer_epoch_starts_at_zero()
    {
        (await ProduceAsync(sequence: 0, epoch: 1)).Error.ShouldBe(ErrorCode.None);
        (await ProduceAsync(sequence: 2, epoch: 0)).Error.ShouldBe(ErrorCode.InvalidProducerEpoch);
        (await ProduceAsync(sequence: 2, epoch: 2)).Error.ShouldBe(ErrorCode.OutOfOrderSequenceNumber);
        (await ProduceAsync(sequence: 0, epoch: 2)).ShouldBe((ErrorCode.None, 2L));
    }

    [Fact]
    public async Task Sequence_continues_at_zero_after_the_largest_integer()
    {
        (await ProduceAsync(sequence: int.MaxValue - 2)).Error.ShouldBe(ErrorCode.None);
        (await ProduceAsync(sequence: int.MaxValue)).Error.ShouldBe(ErrorCode.None);
        (await ProduceAsync(sequence: 1)).ShouldBe((ErrorCode.None, 4L));
    }

    [Theory]
    [InlineData(21, ErrorCode.CorruptMessage)] // attributes, which the CRC covers
    [InlineData(70, ErrorCode.CorruptMessage)] // a record
    [InlineData(17, ErrorCode.CorruptMessage)] // the CRC itself
    [InlineData(16, ErrorCode.UnsupportedForMessageFormat)] // the format
    internal async Task Damaged_batch_is_refused(int position, ErrorCode expected)
    {
        var batch = Batches.Create();
        batch[position] ^= 0x40;

        (await _client.ProduceAsync(_topic, 0, batch)).Error.ShouldBe(expected);
        (await _client.ProduceAsync(_topic, 0, Batches.Create())).ShouldBe((ErrorCode.None, 0L));
    }

    [Fact]
    public async Task Truncated_batch_and_two_batches_are_refused()
    {
        (await _client.ProduceAsync(_topic, 0, Batches.Create()[..^1])).Error.ShouldBe(ErrorCode.CorruptMessage);
        (await _client.ProduceAsync(_topic, 0, [.. Batches.Create(), .. Batches.Create()])).Error.ShouldBe(ErrorCode.InvalidRecord);
    }

    [Fact]
    public async Task Unknown_topic_partition_and_acks_are_refused()
    {
        (await _client.ProduceAsync(_topic, 99, Batches.Create())).Error.ShouldBe(ErrorCode.UnknownTopicOrPartition);
        (await _client.ProduceAsync(_topic, 0, Batches.Create(), acks: 2)).Error.ShouldBe(ErrorCode.InvalidRequiredAcks);
    }

    [Fact]
    public async Task Unknown_topic_is_refused_and_not_created_when_the_client_does_not_allow_it()
    {
        (await _client.FindTopicAsync("missing", allowAutoCreation: false)).ShouldBe(ErrorCode.UnknownTopicOrPartition);
        (await _client.ProduceAsync("missing", 0, Batches.Create())).Error.ShouldBe(ErrorCode.UnknownTopicOrPartition);
        (await _client.FindTopicAsync("missing", allowAutoCreation: false)).ShouldBe(ErrorCode.UnknownTopicOrPartition);
        (await _client.FindTopicAsync("not legal", allowAutoCreation: false)).ShouldBe(ErrorCode.InvalidTopic);
    }

    [Fact]
    public async Task Unknown_topic_is_not_created_by_a_broker_without_auto_creation()
    {
        await using var process = await DevKafkaProcess.StartNewAsync("--auto-create-topics", "false");
        using var client = await RawClient.ConnectAsync(process.Port);

        (await client.FindTopicAsync("missing", allowAutoCreation: true)).ShouldBe(ErrorCode.UnknownTopicOrPartition);
        (await client.ProduceAsync("missing", 0, Batches.Create())).Error.ShouldBe(ErrorCode.UnknownTopicOrPartition);
        Directory.GetDirectories(Path.Combine(process.DataFolder, "topics")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Transactional_producer_is_refused()
    {
        var response = await _client.SendAsync(22, 1, writer =>
        {
            writer.WriteString("transaction");
            writer.WriteInt32(1_000);
        });
        response.ReadInt32();
        ((ErrorCode)response.ReadInt16()).ShouldBe(ErrorCode.TransactionalIdAuthorizationFailed);
    }

    [Fact]
    public async Task ApiVersions_in_an_unknown_version_is_answered_in_version_0()
    {
        var response = await _client.SendAsync(18, 99, _ => { });

        ((ErrorCode)response.ReadInt16()).ShouldBe(ErrorCode.UnsupportedVersion);
        response.ReadArray(() => (response.ReadInt16(), response.ReadInt16(), response.ReadInt16())).Count.ShouldBe(Api.All.Count);
    }

    [Fact]
    public async Task Fetch_respects_the_maximum_of_bytes_but_returns_one_batch()
    {
        for (var i = 0; i < 10; i++)
            await _client.ProduceAsync(_topic, 0, Batches.Create(valueBytes: 100));
        var size = Batches.Create(valueBytes: 100).Length;

        (await FetchAsync(partitionMaxBytes: 1, maxBytes: 1_000_000)).ShouldBe(size);
        (await FetchAsync(partitionMaxBytes: 3 * size, maxBytes: 1_000_000)).ShouldBe(3 * size);
        (await FetchAsync(partitionMaxBytes: 1_000_000, maxBytes: 2 * size)).ShouldBe(2 * size);
    }

    [Fact]
    public async Task Waiting_fetch_is_answered_when_another_request_follows()
    {
        await SendFetchAsync(maxWaitMs: int.MaxValue);
        await _client.SendOnlyAsync(18, 0, _ => { });

        (await ReceiveFetchAsync()).ShouldBe((ErrorCode.None, 0, 0));
        ((ErrorCode)(await _client.ReceiveAsync()).ReadInt16()).ShouldBe(ErrorCode.None);
    }

    [Fact]
    public async Task Waiting_fetch_is_answered_when_its_topic_is_deleted()
    {
        await SendFetchAsync(maxWaitMs: int.MaxValue);
        using var other = await RawClient.ConnectAsync(Port);
        var deletion = await other.SendAsync(20, 1, writer =>
        {
            writer.WriteArray([_topic], writer.WriteString);
            writer.WriteInt32(1_000);
        });
        deletion.ReadInt32();
        deletion.ReadArray(() => (deletion.ReadString(), (ErrorCode)deletion.ReadInt16())).ShouldBe([(_topic, ErrorCode.None)]);

        (await ReceiveFetchAsync()).Error.ShouldBe(ErrorCode.UnknownTopicOrPartition);
        (await _client.ProduceAsync(_topic, 0, Batches.Create())).Error.ShouldBe(ErrorCode.UnknownTopicOrPartition);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("\0\0\0\u0009\0\u0003\0\u0001\0\0\0\u0001\u007f")] // Metadata with a client ID that reaches beyond the end
    [InlineData("\0\0\0\u000a\0\u0003\0\u0063\0\0\0\u0001\0\0")] // Metadata in version 99
    public async Task Malformed_request_closes_that_connection_alone(string request)
    {
        using var foreign = await RawClient.ConnectAsync(Port);
        await foreign.SendAsync(Encoding.Latin1.GetBytes(request));

        await Should.ThrowAsync<IOException>(foreign.ReadAsync);
        (await _client.ProduceAsync(_topic, 0, Batches.Create())).Error.ShouldBe(ErrorCode.None);
    }

    private Task<(ErrorCode Error, long BaseOffset)> ProduceAsync(int sequence, short epoch = 0) =>
        _client.ProduceAsync(_topic, 0, Batches.Create(records: 2, producerId: 7, epoch, sequence));

    private async Task<int> FetchAsync(int partitionMaxBytes, int maxBytes)
    {
        await SendFetchAsync(maxWaitMs: 100, partitionMaxBytes, maxBytes);
        var (error, highWatermark, bytes) = await ReceiveFetchAsync();
        (error, highWatermark).ShouldBe((ErrorCode.None, 10));
        return bytes;
    }

    private Task SendFetchAsync(int maxWaitMs, int partitionMaxBytes = 1_000_000, int maxBytes = 1_000_000) =>
        _client.SendOnlyAsync(1, 11, writer =>
        {
            writer.WriteInt32(-1);
            writer.WriteInt32(maxWaitMs);
            writer.WriteInt32(1);
            writer.WriteInt32(maxBytes);
            writer.WriteInt8(0);
            writer.WriteInt64(0); // fetch session
            writer.WriteArray([_topic], topic =>
            {
                writer.WriteString(topic);
                writer.WriteArray([0], index =>
                {
                    writer.WriteInt32(index);
                    writer.WriteInt32(-1); // leader epoch
                    writer.WriteInt64(0);
                    writer.WriteInt64(-1); // log start offset
                    writer.WriteInt32(partitionMaxBytes);
                });
            });
        });

    private async Task<(ErrorCode Error, long HighWatermark, int Bytes)> ReceiveFetchAsync()
    {
        var response = await _client.ReceiveAsync();
        response.ReadInt32();
        response.ReadInt16();
        response.ReadInt32();
        response.ReadArrayLength();
        response.ReadString();
        response.ReadArrayLength();
        response.ReadInt32();
        var (error, highWatermark) = ((ErrorCode)response.ReadInt16(), response.ReadInt64());
        response.ReadInt64();
        response.ReadInt64();
        response.ReadArrayLength();
        response.ReadInt32();
        return (error, highWatermark, response.ReadBytes().Length);
    }
}
