using Microsoft.Extensions.Time.Testing;

namespace ForgeShop.DevKafka.Tests;

/// <summary>A partition whose broker was killed while it wrote.</summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devkafka-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public RecoveryTests() => Console.SetError(TextWriter.Null); // discards the warnings of the broker's code in this process

    private string SegmentPath => Directory.GetFiles(_folder, "*.log").Order().Last();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Torn_tail_is_truncated_to_the_whole_batches_at_every_byte()
    {
        using (var partition = Open())
        {
            for (var i = 0; i < 3; i++)
                Append(partition, producerId: 7, sequence: i * 2).ShouldBe(i * 2L);
        }

        var whole = File.ReadAllBytes(SegmentPath);
        var batchSize = whole.Length / 3;
        for (var cut = batchSize * 2; cut < whole.Length; cut++)
        {
            File.WriteAllBytes(SegmentPath, whole[..cut]);
            using var partition = Open();
            OffsetsOf(partition).ShouldBe((0, 4), $"cut at {cut}");
            Append(partition, producerId: 7, sequence: 2).ShouldBe(2, "a retry of a whole batch is a duplicate");
            Append(partition, producerId: 7, sequence: 4).ShouldBe(4, "a retry of the torn batch is new");
        }
    }

    [Fact]
    public void Garbage_behind_the_last_batch_is_truncated()
    {
        using (var partition = Open())
            Append(partition);
        var whole = File.ReadAllBytes(SegmentPath);
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            var garbage = new byte[random.Next(1, 300)];
            random.NextBytes(garbage);
            if (i % 2 == 0)
                Batches.Create().AsSpan(0, Math.Min(garbage.Length, 61)).CopyTo(garbage); // a plausible header without its records
            File.WriteAllBytes(SegmentPath, [.. whole, .. garbage]);

            using var partition = Open();
            OffsetsOf(partition).ShouldBe((0, 2));
            new FileInfo(SegmentPath).Length.ShouldBe(whole.Length);
        }
    }

    [Fact]
    public void Damaged_batch_in_the_last_segment_ends_the_log_before_it()
    {
        using (var partition = Open())
        {
            for (var i = 0; i < 3; i++)
                Append(partition);
        }

        var bytes = File.ReadAllBytes(SegmentPath);
        bytes[(bytes.Length / 3) + 65] ^= 1;
        File.WriteAllBytes(SegmentPath, bytes);

        using var recovered = Open();
        OffsetsOf(recovered).ShouldBe((0, 2));
    }

    [Fact]
    public void Segments_are_recovered_with_offsets_and_producer_state()
    {
        using (var partition = Open(segmentBytes: 1_024))
        {
            for (var i = 0; i < 50; i++)
                Append(partition, producerId: 7, sequence: i * 2).ShouldBe(i * 2L);
        }

        Directory.GetFiles(_folder, "*.log").Length.ShouldBeGreaterThan(3);
        using var recovered = Open(segmentBytes: 1_024);
        OffsetsOf(recovered).ShouldBe((0, 100));
        Append(recovered, producerId: 7, sequence: 90).ShouldBe(90, "one of the last five batches");
        Append(recovered, producerId: 7, sequence: 100).ShouldBe(100);
        for (var offset = 0; offset < 102; offset++)
        {
            var (segment, position, _) = recovered.Locate(offset, int.MaxValue, allowLarger: true);
            var header = new byte[RecordBatch.HeaderSize];
            segment!.Read(header, position);
            RecordBatch.Parse(header).BaseOffset.ShouldBe(offset / 2 * 2);
        }
    }

    [Fact]
    public void Retention_by_size_deletes_whole_segments_and_advances_the_start()
    {
        using var partition = Open(segmentBytes: 1_024, retentionBytes: 4_096);
        for (var i = 0; i < 200; i++)
            Append(partition);
        partition.ApplyRetention();

        var size = Directory.GetFiles(_folder, "*.log").Sum(path => new FileInfo(path).Length);
        size.ShouldBeInRange(4_096, 4_096 + 2 * 1_024);
        partition.StartOffset.ShouldBeGreaterThan(100);
        partition.Locate(partition.StartOffset, 1, allowLarger: true).Length.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void Retention_by_time_deletes_all_expired_records_and_keeps_the_end()
    {
        using (var partition = Open(retention: TimeSpan.FromMinutes(1)))
        {
            Append(partition, records: 1, timestamp: _time.GetUtcNow().ToUnixTimeMilliseconds());
            _time.Advance(TimeSpan.FromMinutes(1));
            partition.ApplyRetention();
            OffsetsOf(partition).ShouldBe((0, 1), "the record is just as old as is allowed");
            _time.Advance(TimeSpan.FromMilliseconds(1));
            partition.ApplyRetention();
            OffsetsOf(partition).ShouldBe((1, 1));
            Append(partition, records: 1, timestamp: _time.GetUtcNow().ToUnixTimeMilliseconds()).ShouldBe(1);
            partition.ApplyRetention();
            OffsetsOf(partition).ShouldBe((1, 2));
        }

        using var recovered = Open();
        OffsetsOf(recovered).ShouldBe((1, 2));
    }

    private static (long Start, long End) OffsetsOf(Partition partition) => (partition.StartOffset, partition.EndOffset);

    private static long Append(Partition partition, long producerId = -1, int sequence = -1, long? timestamp = null, int records = 2)
    {
        var batch = Batches.Create(records, producerId, (short)(producerId < 0 ? -1 : 0), sequence, timestamp);
        partition.Append(batch, out var offset).ShouldBe(ErrorCode.None);
        return offset;
    }

    private Partition Open(long segmentBytes = 1 << 20, long retentionBytes = 1 << 30, TimeSpan? retention = null) => new(
        _folder,
        new(_folder, "127.0.0.1", 0, 1, true, retentionBytes, retention ?? TimeSpan.FromDays(7), segmentBytes, _time),
        TopicStore.DefaultMaxMessageBytes);
}
