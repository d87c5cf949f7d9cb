namespace ForgeShop.DevKafka.Tests;

/// <summary>The file of committed offsets when the broker is killed, and when the file is rewritten.</summary>
public sealed class OffsetStoreTests : IDisposable
{
    private const int Partitions = 300;
    private const string Topic = "topic";
    private const string Group = "group";

    private static readonly string LongMetadata = new('m', 30_000);

    private readonly string _folder = Directory.CreateTempSubdirectory("devkafka-").FullName;

    private string FilePath => Path.Combine(_folder, "offsets.jsonl");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void File_cut_at_every_byte_keeps_the_whole_lines()
    {
        using (var store = new OffsetStore(FilePath))
        {
            store.Commit([new(Group, Topic, 0, 1, "first")]);
            store.Commit([new(Group, Topic, 0, 2, "second\n")]);
        }

        var whole = File.ReadAllBytes(FilePath);
        var firstLine = Array.IndexOf(whole, (byte)'\n') + 1;
        for (var cut = firstLine; cut <= whole.Length; cut++)
        {
            File.WriteAllBytes(FilePath, whole[..cut]);
            using (var store = new OffsetStore(FilePath))
            {
                store.Find(Group, Topic, 0).Offset.ShouldBe(cut == whole.Length ? 2 : 1, $"cut at {cut}");
                store.Commit([new(Group, Topic, 1, 3, null)]);
            }

            using var recovered = new OffsetStore(FilePath);
            recovered.Find(Group, Topic, 1).Offset.ShouldBe(3);
        }
    }

    [Fact]
    public void Rewrite_bounds_the_file_and_keeps_the_latest_commits()
    {
        const int MaxGrowth = 2_000;
        var rewrites = 0;
        using (var store = new OffsetStore(FilePath, MaxGrowth))
        {
            var length = 0L;
            for (var i = 0; i < 1_000; i++)
            {
                store.Commit([new(Group, Topic, i % 7, i, $"commit {i}"), new("other", Topic, 0, i, null)]);
                var next = new FileInfo(FilePath).Length;
                next.ShouldBeLessThan(MaxGrowth + 1_000);
                rewrites += next < length ? 1 : 0;
                length = next;
            }
        }

        rewrites.ShouldBeGreaterThan(20);
        using var recovered = new OffsetStore(FilePath, MaxGrowth);
        recovered.FindAll(Group).Select(offset => (offset.Partition, offset.Offset, offset.Metadata)).ShouldBe(
            Enumerable.Range(993, 7).Select(i => (i % 7, (long)i, (string?)$"commit {i}")), ignoreOrder: true);
        recovered.Find("other", Topic, 0).Offset.ShouldBe(999);
    }

    [Fact]
    public void Offsets_of_a_deleted_topic_stay_removed_after_a_rewrite()
    {
        using (var store = new OffsetStore(FilePath))
        {
            store.Commit([new(Group, Topic, 0, 1, null), new(Group, "kept", 0, 2, null)]);
            store.RemoveTopic(Topic);
        }

        using (var rewritten = new OffsetStore(FilePath))
            rewritten.FindAll(Group).ShouldHaveSingleItem().Topic.ShouldBe("kept");
        File.ReadLines(FilePath).ShouldHaveSingleItem().ShouldContain("kept");
    }

    [Fact]
    public async Task Committed_offsets_survive_kills_during_the_rewrite()
    {
        await using var broker = await DevKafkaProcess.StartNewAsync("--partitions", $"{Partitions}");
        var unfinished = Path.Combine(broker.DataFolder, "offsets.jsonl.tmp");
        var (committed, killsInRewrite) = (0L, 0);
        for (var kill = 1; killsInRewrite < 3; kill++)
        {
            kill.ShouldBeLessThan(30, "the kills come too late to hit the rewrite");
            using (var client = await RawClient.ConnectAsync(broker.Port))
            {
                (await client.FindTopicAsync(Topic, allowAutoCreation: true)).ShouldBe(ErrorCode.None);
                var killing = Task.Run(() => KillWhenItExistsAsync(broker, unfinished), Token);
                await Should.ThrowAsync<IOException>(async () =>
                {
                    for (; ; committed++)
                        await CommitAsync(client, committed + 1);
                });
                await killing;
            }

            killsInRewrite += File.Exists(unfinished) ? 1 : 0;
            await broker.StartAsync();
            File.Exists(unfinished).ShouldBeFalse();
            using var reader = await RawClient.ConnectAsync(broker.Port);
            var offsets = await FetchOffsetsAsync(reader);
            offsets.Count.ShouldBe(Partitions);
            offsets.ShouldAllBe(offset => offset >= committed && offset <= committed + 1, $"{committed} was the last acknowledged commit");
            committed = offsets.Min();
        }
    }

    private static async Task KillWhenItExistsAsync(DevKafkaProcess broker, string path)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Token);
        timeout.CancelAfter(Eventually.DefaultTimeout);
        while (!File.Exists(path) && !timeout.IsCancellationRequested)
            await Task.Yield(); // the file exists for milliseconds only
        await broker.KillAsync();
    }

    /// <summary>Commits an offset for all partitions, with metadata so long that each second commit causes a rewrite.</summary>
    private static async Task CommitAsync(RawClient client, long offset)
    {
        var response = await client.SendAsync(8, 5, writer =>
        {
            writer.WriteString(Group);
            writer.WriteInt32(-1); // no generation
            writer.WriteString(string.Empty); // no member
            writer.WriteArray([Topic], topic =>
            {
                writer.WriteString(topic);
                writer.WriteArray(Enumerable.Range(0, Partitions).ToList(), partition =>
                {
                    writer.WriteInt32(partition);
                    writer.WriteInt64(offset);
                    writer.WriteString(LongMetadata);
                });
            });
        });
        response.ReadInt32();
        var errors = response.ReadArray(() =>
        {
            response.ReadString();
            return response.ReadArray(() => (response.ReadInt32(), (ErrorCode)response.ReadInt16()));
        });
        errors.ShouldHaveSingleItem().ShouldAllBe(partition => partition.Item2 == ErrorCode.None);
    }

    private static async Task<List<long>> FetchOffsetsAsync(RawClient client)
    {
        var response = await client.SendAsync(9, 3, writer =>
        {
            writer.WriteString(Group);
            writer.WriteInt32(-1); // all topics
        });
        response.ReadInt32();
        var topics = response.ReadArray(() =>
        {
            response.ReadString().ShouldBe(Topic);
            return response.ReadArray(() =>
            {
                response.ReadInt32();
                var offset = response.ReadInt64();
                response.ReadString().ShouldBe(LongMetadata);
                ((ErrorCode)response.ReadInt16()).ShouldBe(ErrorCode.None);
                return offset;
            });
        });
        return topics.ShouldHaveSingleItem();
    }
}
