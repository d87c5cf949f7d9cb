using System.Text;

namespace ForgeShop.Forge.Tests;

/// <summary>Single names equal the platform's SHA-1.</summary>
public sealed class SingleNameTests
{
    [Fact]
    public void Bare_derivation_equals_the_platforms_for_every_length()
    {
        var random = new Random(3);
        for (var length = 0; length <= 300; length++)
        {
            var name = new byte[length];
            random.NextBytes(name);
            var ns = new Guid(random.GetItems((byte[])[.. Enumerable.Range(0, 256).Select(i => (byte)i)], 16));
            NameBasedUuid.V5(ns, name).ShouldBe(PlatformSha1.V5(ns, name), $"{length} bytes");
        }
    }

    [Fact]
    public void Single_key_equals_the_platforms_for_every_length()
    {
        var texts = new ForgeDomain("forgeshop.example").Entity("texts", KeyKind.Text);
        for (var length = 1; length <= 1024; length += length < 200 ? 1 : 103)
        {
            var key = string.Create(length, length, static (key, seed) =>
                { for (var i = 0; i < key.Length; i++) key[i] = (char)('!' + (seed + i * 31) % 94); });
            var expected = PlatformSha1.V5(texts.Id, key);
            texts.Derive(key).ShouldBe(expected, $"{length} characters");
            texts.Derive(Encoding.UTF8.GetBytes(key)).ShouldBe(expected, $"{length} bytes");
        }
    }

    /// <summary>The code reads no characters outside the key.</summary>
    [Fact]
    public void Single_key_inside_a_longer_text_equals_the_platforms()
    {
        var texts = new ForgeDomain("forgeshop.example").Entity("texts", KeyKind.Text);
        var text = string.Create(
            600, 0, static (characters, _) => { for (var i = 0; i < characters.Length; i++) characters[i] = (char)('!' + i * 31 % 94); });
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var length = 1; length <= 300; length++)
        {
            var from = 100 + length % 23;
            var expected = PlatformSha1.V5(texts.Id, text.Substring(from, length));
            texts.Derive(text.AsSpan(from, length)).ShouldBe(expected, $"{length} characters");
            texts.Derive(bytes.AsSpan(from, length)).ShouldBe(expected, $"{length} bytes");
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(60)]
    public void Single_key_accepts_and_refuses_each_UTF16_unit_as_in_UTF8(int length)
    {
        var texts = new ForgeDomain("forgeshop.example").Entity("texts", KeyKind.Text);
        var key = Enumerable.Repeat('k', length).ToArray();
        for (var c = 0; c <= char.MaxValue; c++)
        {
            key[c % length] = (char)c;
            var taken = texts.TryDerive(key, out var id, out var error);
            if (char.IsSurrogate((char)c))
            {
                if (taken || error.Refusal is not KeyRefusal.LoneSurrogate) error.Refusal.ShouldBe(KeyRefusal.LoneSurrogate);
            }
            else if (
                (taken, id, error) != (texts.TryDerive(Encoding.UTF8.GetBytes(key), out var other, out var otherError), other, otherError))
            {
                Assert.Fail($"U+{c:X4} at {c % length} of {length}: {error} in UTF-16, {otherError} in UTF-8");
            }
            key[c % length] = 'k';
        }
    }
}
