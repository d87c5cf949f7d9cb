using System.Globalization;

namespace ForgeShop.Forge.Tests;

public sealed class CollisionTests
{
    [Fact]
    public void Distinct_100000_keys_have_distinct_IDs() => AllDifferent(100_000);

    [Fact(Explicit = true)]
    public void Distinct_10_million_keys_have_distinct_IDs() => AllDifferent(10_000_000);

    private static void AllDifferent(int count)
    {
        var users = new ForgeDomain("forgeshop.example").Entity("users", KeyKind.Email);
        var ids = new UInt128[count];
        Parallel.For(0, count, i =>
        {
            Span<char> key = stackalloc char[32];
            key.TryWrite(CultureInfo.InvariantCulture, $"user-{i}@example.com", out var length);
            ids[i] = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(Uuid.ToBytes(users.Derive(key[..length])));
        });
        Array.Sort(ids);
        for (var i = 1; i < count; i++)
        {
            if (ids[i] == ids[i - 1]) Assert.Fail($"two keys share {ids[i]:x32}");
        }
    }
}
