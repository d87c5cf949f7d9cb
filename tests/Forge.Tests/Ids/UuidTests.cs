using FsCheck;
using FsCheck.Fluent;

namespace ForgeShop.Forge.Tests;

public sealed class UuidTests
{
    private const string Text = "00112233-4455-5677-8899-aabbccddeeff";
    private static readonly byte[] NetworkOrder = [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x56, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
        0xff];

    [Fact]
    public void Bytes_are_in_network_order()
    {
        var id = Uuid.Parse(Text);
        Uuid.ToBytes(id).ShouldBe(NetworkOrder);
        Uuid.FromBytes(NetworkOrder).ShouldBe(id);
        var written = new byte[16];
        Uuid.WriteBytes(id, written);
        written.ShouldBe(NetworkOrder);
        Uuid.ToText(id).ShouldBe(Text);
        Should.Throw<ArgumentException>(() => Uuid.FromBytes(new byte[17]));
        Should.Throw<ArgumentException>(() => Uuid.FromBytes(new byte[15]));
        Should.Throw<ArgumentException>(() => Uuid.WriteBytes(id, new byte[15]));
    }

    [Fact]
    public void Parse_accepts_either_case()
    {
        Uuid.Parse(Text.ToUpperInvariant()).ShouldBe(Uuid.Parse(Text));
        Uuid.TryParse("00112233-4455-5677-8899-AABBccddEEFF"u8, out var id).ShouldBeTrue();
        id.ShouldBe(Uuid.Parse(Text));
    }

    // The framework's TryParseExact with "D" accepts several of these, some as another ID.
    [Theory]
    [InlineData("")]
    [InlineData(" 00112233-4455-5677-8899-aabbccddeeff")]
    [InlineData("00112233-4455-5677-8899-aabbccddeeff ")]
    [InlineData("+0112233-4455-5677-8899-aabbccddeeff")]
    [InlineData("0x112233-4455-5677-8899-aabbccddeeff")]
    [InlineData("00112233-+455-5677-8899-aabbccddeeff")]
    [InlineData("00112233-0x55-5677-8899-aabbccddeeff")]
    [InlineData("{00112233-4455-5677-8899-aabbccddeeff}")]
    [InlineData("urn:uuid:00112233-4455-5677-8899-aabbccddeeff")]
    [InlineData("00112233445556778899aabbccddeeff")]
    [InlineData("0011-2233-4455-5677-8899-aabbccddeef")]
    [InlineData("00112233-4455-5677-8899_aabbccddeeff")]
    [InlineData("00112233-4455-5677-8899-aabbccddeefg")]
    [InlineData("００112233-4455-5677-8899-aabbccddeeff")]
    [InlineData("00112233-4455-5677-8899-aabbccddeef")]
    [InlineData("00112233-4455-5677-8899-aabbccddeefff")]
    public void Parse_refuses_other_forms(string text)
    {
        Uuid.TryParse(text, out var id).ShouldBeFalse();
        id.ShouldBe(Guid.Empty);
        var thrown = Should.Throw<FormatException>(() => Uuid.Parse(text));
        if (text.Length > 0) thrown.Message.ShouldNotContain(text);
    }

    [Fact]
    public void Parse_refuses_one_wrong_character_anywhere()
    {
        for (var at = 0; at < Text.Length; at++)
        {
            for (var c = '\0'; c < 0x180; c++)
            {
                var text = Text[..at] + c + Text[(at + 1)..];
                var fits = Text[at] == '-' ? c == '-' : char.IsAsciiHexDigit(c);
                if (Uuid.TryParse(text, out _) != fits) Assert.Fail($"U+{(int)c:X4} at {at}");
            }
        }
    }

    [Fact]
    public void Text_and_bytes_are_parsed_back() =>
        Prop.ForAll((from bytes in Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(16) select bytes).ToArbitrary(), bytes =>
    {
        var id = Uuid.FromBytes(bytes);
        return Uuid.ToBytes(id).AsSpan().SequenceEqual(bytes) && Uuid.Parse(Uuid.ToText(id)) == id
            && Uuid.ToText(id).Replace("-", "", StringComparison.Ordinal) == Convert.ToHexStringLower(bytes);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void Prefixed_text_is_parsed_back_with_its_own_prefix_only()
    {
        var id = Uuid.Parse(Text);
        PrefixedId.Format("usr", id).ShouldBe("usr_" + Text);
        PrefixedId.TryParse("usr", "usr_" + Text.ToUpperInvariant(), out var read).ShouldBeTrue();
        read.ShouldBe(id);
        foreach (
            var wrong in new[] { Text, "ord_" + Text, "USR_" + Text, "usr-" + Text, "usr_" + Text + " ", "usr__" + Text, "usr_", "", "us_r"
            + Text[1..], "usr_+" + Text[1..] })
        {
            PrefixedId.TryParse("usr", wrong, out read).ShouldBeFalse(wrong);
            read.ShouldBe(Guid.Empty);
        }
        foreach (var prefix in new[] { "", "Usr", "1u", "us_r", "us-r", "ü", "a/b", new string('a', 17) })
        {
            Should.Throw<ForgeConfigurationException>(() => PrefixedId.Format(prefix, id));
            Should.Throw<ForgeConfigurationException>(() => PrefixedId.TryParse(prefix, "", out _));
        }
    }

    [Fact]
    public void Shard_path_is_the_first_two_bytes_of_the_ID()
    {
        var id = Uuid.Parse(Text);
        ShardPath.Of(id).ShouldBe("00/11/00112233-4455-5677-8899-aabbccddeeff.dat");
        ShardPath.Of(id, "pdf").ShouldBe("00/11/00112233-4455-5677-8899-aabbccddeeff.pdf");
        ShardPath.TryParse(ShardPath.Of(id), out var read).ShouldBeTrue();
        read.ShouldBe(id);
        foreach (
            var wrong in new[] { "", "00/12/" + Text + ".dat", "00/11/" + Text + ".pdf", "00\\11\\" + Text + ".dat", "00/11/"
            + Text.ToUpperInvariant() + ".dat", "/00/11/" + Text + ".dat", "../../" + Text + ".dat" })
        {
            ShardPath.TryParse(wrong, out read).ShouldBeFalse(wrong);
            read.ShouldBe(Guid.Empty);
        }
        foreach (var extension in new[] { "", ".dat", "a/b", "DAT", "..", new string('a', 17) }) Should.Throw<ArgumentException>(
            () => ShardPath.Of(id, extension));
    }
}
