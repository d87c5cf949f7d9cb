using System.Text;

namespace ForgeShop.Forge.Tests;

/// <summary>Batches equal the platform's SHA-1, in every lane of every width that this machine has.</summary>
public sealed class BatchTests
{
    private static readonly ForgeDomain Domain = new("forgeshop.example");
    private static readonly EntityNamespace Texts = Domain.Entity("texts", KeyKind.Text);

    /// <summary>The width of vectors that <see cref="PathTests"/> expects in the process that it starts.</summary>
    public const string ExpectedLaneBits = "FORGE_TESTS_LANE_BITS";

    private delegate bool Batch(ReadOnlySpan<string> keys, Span<Guid> ids);

    private static readonly Dictionary<string, Batch> Paths = new()
    {
        ["chosen"] = (keys, ids) => { Texts.DeriveMany(keys, ids); return true; },
        ["512"] = (keys, ids) => NameBatch<NameLanes512>.TryDerive(Texts, keys, ids),
        ["256"] = (keys, ids) => NameBatch<NameLanes256>.TryDerive(Texts, keys, ids),
        ["128"] = (keys, ids) => NameBatch<NameLanes128>.TryDerive(Texts, keys, ids),
    };

    public static TheoryData<string> SupportedPaths
    {
        get
        {
            var paths = new TheoryData<string> { "chosen" };
            if (NameLanes512.IsSupported) paths.Add("512");
            if (NameLanes256.IsSupported) paths.Add("256");
            if (NameLanes128.IsSupported) paths.Add("128");
            return paths;
        }
    }

    private static string Key(int length, int seed) =>
        string.Create(length, seed, static (key, seed) =>
            { for (var i = 0; i < key.Length; i++) key[i] = (char)('!' + (seed * 7919 + i * 31 + i * i) % 94); });

    private static void ShouldAgree(string path, string[] keys)
    {
        var ids = new Guid[keys.Length];
        Paths[path](keys, ids).ShouldBeTrue();
        for (var i = 0; i < keys.Length; i++)
            ids[i].ShouldBe(PlatformSha1.V5(Texts.Id, keys[i]), $"key {i} of {keys.Length}, {keys[i].Length} characters, path {path}");
    }

    [Fact]
    public void Process_runs_the_intended_code_path()
    {
        var expected = Environment.GetEnvironmentVariable(ExpectedLaneBits);
        if (expected is not null) EntityNamespace.LaneBits.ToString(System.Globalization.CultureInfo.InvariantCulture).ShouldBe(expected);
        EntityNamespace.LaneBits.ShouldBe(
            NameLanes512.IsSupported ? 512 : NameLanes256.IsSupported ? 256 : NameLanes128.IsSupported ? 128 : 0);
    }

    [Theory]
    [MemberData(nameof(SupportedPaths))]
    public void Batch_derives_keys_of_every_length(string path)
    {
        for (var length = 1; length <= 200; length++) ShouldAgree(path, [.. Enumerable.Range(0, 16).Select(i => Key(length, i))]);
        ShouldAgree(path, [.. Enumerable.Repeat(1024, 16).Select(Key)]);
    }

    [Theory]
    [MemberData(nameof(SupportedPaths))]
    public void Batch_derives_every_number_of_keys(string path)
    {
        for (var count = 0; count <= 50; count++)
        {
            ShouldAgree(path, [.. Enumerable.Range(0, count).Select(i => Key(24, i))]);
            ShouldAgree(path, [.. Enumerable.Range(0, count).Select(i => Key(60, i))]);
            ShouldAgree(path, [.. Enumerable.Range(0, count).Select(i => Key(1 + (i * 37 + count) % 130, i))]);
        }
    }

    [Theory]
    [MemberData(nameof(SupportedPaths))]
    public void Batch_derives_mixed_lengths_and_alphabets(string path)
    {
        var random = new Random(20);
        string[] wide = ["é", "ß", "日本", "😀", "a\u0301", "\u00A0x", "x\u200D"];
        for (var round = 0; round < 20; round++)
        {
            ShouldAgree(path, [.. Enumerable.Range(0, 300).Select(i =>
            {
                var key = Key(random.Next(1, 120), i);
                return random.Next(6) == 0 ? "k" + key.Insert(random.Next(key.Length), wide[random.Next(wide.Length)]) + "k" : key;
            })]);
        }
    }

    [Theory]
    [MemberData(nameof(SupportedPaths))]
    public void Batch_accepts_and_refuses_each_UTF16_unit_like_a_single_key(string path)
    {
        var taken = new List<string>();
        var ids = new Guid[16];
        for (var c = 0; c <= char.MaxValue; c++)
        {
            var key = $"key{(char)c}end";
            if (Texts.TryDerive(key, out _))
            {
                taken.Add(key);
                continue;
            }
            if (char.IsSurrogate((char)c) && c % 64 != 0) continue; // 2,048 of one sort
            string[] keys = [.. Enumerable.Range(0, 16).Select(i => Key(24, i))];
            keys[c % 16] = key;
            if (path is "chosen") Should.Throw<ForgeKeyException>(() => Texts.DeriveMany(keys, ids)).Index.ShouldBe(c % 16);
            else Paths[path](keys, ids).ShouldBeFalse($"U+{c:X4}");
        }
        var derived = new Guid[taken.Count];
        Paths[path](taken.ToArray(), derived).ShouldBeTrue();
        for (var i = 0; i < derived.Length; i++)
        {
            if (derived[i] != Texts.Derive(taken[i])) derived[i].ShouldBe(Texts.Derive(taken[i]), $"U+{(int)taken[i][3]:X4}");
        }
    }

    [Theory]
    [InlineData(null, KeyRefusal.Empty)]
    [InlineData("", KeyRefusal.Empty)]
    [InlineData(" leading", KeyRefusal.Edge)]
    [InlineData("trailing ", KeyRefusal.Edge)]
    [InlineData("\u00A0edge", KeyRefusal.Edge)]
    [InlineData("tab\there", KeyRefusal.Character)]
    [InlineData("delete\u007F", KeyRefusal.Character)]
    [InlineData("lone {surrogate}", KeyRefusal.LoneSurrogate)] // an attribute cannot hold one
    public void Batch_names_the_first_refused_key_and_keeps_the_IDs_before_it(string? refused, KeyRefusal refusal)
    {
        foreach (var at in (int[])[0, 1, 15, 16, 37, 99])
        {
            // A second refused key, of another length class, comes earlier to the lanes than the first.
            string[] keys = [.. Enumerable.Range(0, 100).Select(i => Key(i % 3 == 0 ? 60 : 20, i)), .. Enumerable.Range(0, 20)
                .Select(_ => "x\u0001" + new string('x', 30))];
            keys[at] = refused?.Replace("{surrogate}", "\uD800", StringComparison.Ordinal)!;
            var ids = new Guid[keys.Length];
            var error = Should.Throw<ForgeKeyException>(() => Texts.DeriveMany(keys, ids));
            error.Index.ShouldBe(at);
            error.Error.Refusal.ShouldBe(refusal);
            ids[..at].ShouldBe(keys[..at].Select(key => Texts.Derive(key)));
        }
    }

    [Theory]
    [InlineData(KeyKind.Email, "User{0}@Example.com")]
    [InlineData(KeyKind.Sku, " sku-{0} ")]
    [InlineData(KeyKind.Int, "{0}")]
    [InlineData(KeyKind.Dec, "00{0}.500")]
    [InlineData(KeyKind.Uuid, "6E16F6C3-DE6B-55C3-80BA-{0:D12}")]
    [InlineData(KeyKind.Ts6, "2024-01-15T10:30:00.{0:D6}Z")]
    [InlineData(KeyKind.Text, "text {0} é")]
    public void Batch_derives_every_kind_in_UTF16_and_UTF8(KeyKind kind, string form)
    {
        var entity = Domain.Entity("things", kind);
        string[] keys = [.. Enumerable.Range(1, 53).Select(i => string.Format(System.Globalization.CultureInfo.InvariantCulture, form, i))];
        if (kind is KeyKind.Text) keys = [.. keys.Select((key, i) => key + Key(i * 4 + 1, i))];
        Guid[] expected = [.. keys.Select(key => PlatformSha1.V5(entity.Id, entity.GetName(key)))];
        var ids = new Guid[keys.Length];
        entity.DeriveMany(keys, ids);
        ids.ShouldBe(expected);

        var (utf8, ranges) = Block(keys);
        Array.Clear(ids);
        entity.DeriveMany(utf8, ranges, ids);
        ids.ShouldBe(expected);
    }

    [Fact]
    public void Batch_refuses_invalid_UTF8()
    {
        string[] keys = [.. Enumerable.Range(0, 50).Select(i => Key(30, i))];
        var (utf8, ranges) = Block(keys);
        var ids = new Guid[50];
        utf8[ranges[33].Start.Value + 5] = 0xFF;
        var error = Should.Throw<ForgeKeyException>(() => Texts.DeriveMany(utf8, ranges, ids));
        (error.Index, error.Error.Refusal).ShouldBe((33, KeyRefusal.InvalidUtf8));
        ids[..33].ShouldBe(keys[..33].Select(key => Texts.Derive(key)));
        ranges[20] = (utf8.Length - 1)..(utf8.Length + 1);
        Should.Throw<ArgumentException>(() => Texts.DeriveMany(utf8, ranges, ids));
        ids[..20].ShouldBe(keys[..20].Select(key => Texts.Derive(key)));
        ranges[20] = 5..3;
        Should.Throw<ArgumentException>(() => Texts.DeriveMany(utf8, ranges, ids));
    }

    [Theory]
    [InlineData(ForgeAlgorithm.V8Sha256, null)]
    [InlineData(ForgeAlgorithm.V8HmacSha256, "sixteen-bytes-ok")]
    public void Batch_derives_with_every_algorithm(ForgeAlgorithm algorithm, string? secret)
    {
        var entity = new ForgeDomain("forgeshop.example", algorithm, secret).Entity("texts", KeyKind.Text);
        string[] keys = [.. Enumerable.Range(0, 40).Select(i => Key(24, i))];
        var ids = new Guid[40];
        entity.DeriveMany(keys, ids);
        ids.ShouldBe(keys.Select(key => entity.Derive(key)));
    }

    [Fact]
    public void Batch_leaves_the_rest_of_a_longer_buffer_unchanged()
    {
        string[] keys = [.. Enumerable.Range(0, 21).Select(i => Key(24, i))];
        var ids = Enumerable.Repeat(Guid.AllBitsSet, 32).ToArray();
        Texts.DeriveMany(keys, ids.AsSpan(5));
        ids[..5].ShouldAllBe(id => id == Guid.AllBitsSet);
        ids[5..26].ShouldBe(keys.Select(key => Texts.Derive(key)));
        ids[26..].ShouldAllBe(id => id == Guid.AllBitsSet);
    }

    private static (byte[] Utf8, Range[] Ranges) Block(string[] keys)
    {
        var ranges = new Range[keys.Length];
        var at = 0;
        for (var i = 0; i < keys.Length; i++) ranges[i] = at..(at += Encoding.UTF8.GetByteCount(keys[i]));
        return (Encoding.UTF8.GetBytes(string.Concat(keys)), ranges);
    }
}
