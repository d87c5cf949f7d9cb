using System.Text;

namespace ForgeShop.Forge.Tests;

/// <summary>A derivation allocates no memory.</summary>
public sealed class AllocationTests
{
    private static readonly ForgeDomain Domain = new("forgeshop.example");
    private static readonly EntityNamespace Texts = Domain.Entity("texts", KeyKind.Text);
    private static readonly EntityNamespace Orders = Domain.Entity(
        "orders", KeyShape.Record(("user", KeyKind.Uuid), ("reference", KeyKind.Text)));
    private static readonly Guid Ada = Guid.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a");

    private static long Allocated(Action action)
    {
        for (var i = 0; i < 50; i++) action();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public static TheoryData<string> Keys =>
    [
        "a", "a-24-byte-name-of-a-thing", new string('x', 60), new string('x', 200), new string('x', 1024), new string('é', 512),
        string.Concat(Enumerable.Repeat("😀", 256)),
    ];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Text_key_up_to_1_KiB_allocates_nothing(string key)
    {
        var utf8 = Encoding.UTF8.GetBytes(key);
        var id = Texts.Derive(key);
        Allocated(() => Texts.Derive(key)).ShouldBe(0);
        Allocated(() => Texts.Derive(utf8)).ShouldBe(0);
        Allocated(() => Texts.TryDerive(key, out _)).ShouldBe(0);
        Allocated(() => Texts.Verify(id, key)).ShouldBe(0);
    }

    [Theory]
    [InlineData(ForgeAlgorithm.V5, null)]
    [InlineData(ForgeAlgorithm.V8Sha256, null)]
    [InlineData(ForgeAlgorithm.V8HmacSha256, "sixteen-bytes-ok")]
    public void Every_algorithm_allocates_nothing(ForgeAlgorithm algorithm, string? secret)
    {
        var entity = new ForgeDomain("forgeshop.example", algorithm, secret).Entity("users", KeyKind.Email);
        Allocated(() => entity.Derive(" Ada@Example.com")).ShouldBe(0);
        Allocated(() => NameBasedUuid.V5(NamespaceIds.Dns, "www.example.com")).ShouldBe(0);
    }

    [Theory]
    [InlineData(KeyKind.Sku, "abc-1")]
    [InlineData(KeyKind.Int, "-12345678901234567890")]
    [InlineData(KeyKind.Dec, "0012.500")]
    [InlineData(KeyKind.Bool, "true")]
    [InlineData(KeyKind.Uuid, "6E16F6C3-DE6B-55C3-80BA-75907720BB8A")]
    [InlineData(KeyKind.Ts3, "2024-01-15T10:30:00.5+05:30")]
    [InlineData(KeyKind.Ts6, "2024-01-15T10:30:00.123456Z")]
    public void Every_kind_allocates_nothing(KeyKind kind, string key)
    {
        var entity = Domain.Entity("things", kind);
        Allocated(() => entity.Derive(key)).ShouldBe(0);
    }

    [Fact]
    public void Refusal_without_an_exception_allocates_nothing() =>
        Allocated(() => Texts.TryDerive("a\u0000b", out _, out KeyError _)).ShouldBe(0);

    [Fact]
    public void Key_that_is_an_ID_allocates_nothing()
    {
        var sagas = Domain.Entity("sagas", KeyKind.Uuid);
        Allocated(() => sagas.Derive(Ada)).ShouldBe(0);
    }

    [Fact]
    public void Record_from_fields_allocates_nothing()
    {
        Allocated(() => Orders.Derive(("user", Ada), ("reference", "cart-1"))).ShouldBe(0);
        var payments = Domain.Entity("payments",
            KeyShape.Record(
            ("order", KeyKind.Uuid), ("attempt", KeyKind.Int), ("amount", KeyKind.Dec), ("at", KeyKind.Ts3), ("final", KeyKind.Bool)));
        Allocated(() =>
            payments.Derive(("order", Ada), ("attempt", 1L), ("amount", 12.50m), ("at", DateTimeOffset.UnixEpoch), ("final", true)))
            .ShouldBe(0);
    }

    [Fact]
    public void Record_from_the_builder_allocates_nothing()
    {
        var reference = new string('"', 1000); // escaped, it outgrows the buffer
        Allocated(() =>
        {
            using var key = Orders.NewKey(stackalloc byte[512]);
            key.Add("user", Ada);
            key.Add("reference", "cart-1");
            key.Derive();
        }).ShouldBe(0);
        Allocated(() =>
        {
            using var key = Orders.NewKey();
            key.Add("reference", reference);
            key.Add("user", Ada);
            key.Derive();
        }).ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Batches(string key)
    {
        var keys = Enumerable.Repeat(key, 100).ToArray();
        var ids = new Guid[100];
        Allocated(() => Texts.DeriveMany(keys, ids)).ShouldBe(0);

        var utf8 = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(key, 40)));
        var ranges = Enumerable.Range(0, 40).Select(i => (utf8.Length / 40 * i)..(utf8.Length / 40 * (i + 1))).ToArray();
        Allocated(() => Texts.DeriveMany(utf8, ranges, ids)).ShouldBe(0);
    }

    [Fact]
    public void Parsing_allocates_nothing()
    {
        var text = Ada.ToString();
        Allocated(() => Uuid.Parse(text)).ShouldBe(0);
    }
}
