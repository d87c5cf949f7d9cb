using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.Forge.Tests;

public sealed class DomainTests
{
    private const string Secret = "sixteen-bytes-ok";

    [Fact]
    public void Domain_namespace_and_ID_are_derived_by_the_RFC()
    {
        var domain = new ForgeDomain("ForgeShop.Example");
        domain.Name.ShouldBe("forgeshop.example");
        domain.Root.ShouldBe(NameBasedUuid.V5(NamespaceIds.Dns, "forgeshop.example"));
        var users = domain.Entity("users", KeyKind.Email);
        users.Id.ShouldBe(NameBasedUuid.V5(domain.Root, "users"));
        users.Id.ToString().ShouldBe("b88acabb-5ec4-57e8-bf22-dce375bb2075");
        users.Derive("Ada@Example.com").ShouldBe(NameBasedUuid.V5(users.Id, "ada@example.com"));
        users.Derive("Ada@Example.com").ToString().ShouldBe("6e16f6c3-de6b-55c3-80ba-75907720bb8a");
        users.Derive("Ada@Example.com"u8).ToString().ShouldBe("6e16f6c3-de6b-55c3-80ba-75907720bb8a");
    }

    [Theory]
    [InlineData(ForgeAlgorithm.V5, "v5")]
    [InlineData(ForgeAlgorithm.V8Sha256, "v8-sha256")]
    [InlineData(ForgeAlgorithm.V8HmacSha256, "v8-hmac-sha256")]
    public void Algorithm_has_one_name(ForgeAlgorithm algorithm, string name)
    {
        algorithm.ToName().ShouldBe(name);
        ForgeAlgorithms.TryParse(name, out var parsed).ShouldBeTrue();
        parsed.ShouldBe(algorithm);
    }

    [Theory]
    [InlineData("www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2", "5c146b14-3c52-8afd-938a-375d0df1fbf6")]
    public void Examples_of_the_RFC_are_derived(string name, string v5, string v8)
    {
        NameBasedUuid.V5(NamespaceIds.Dns, name).ToString().ShouldBe(v5);
        NameBasedUuid.V8Sha256(NamespaceIds.Dns, name).ToString().ShouldBe(v8);
        NamespaceIds.Dns.ToString().ShouldBe("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
        NamespaceIds.Url.ToString().ShouldBe("6ba7b811-9dad-11d1-80b4-00c04fd430c8");
        NamespaceIds.Oid.ToString().ShouldBe("6ba7b812-9dad-11d1-80b4-00c04fd430c8");
        NamespaceIds.X500.ToString().ShouldBe("6ba7b814-9dad-11d1-80b4-00c04fd430c8");
    }

    [Theory]
    [InlineData(ForgeAlgorithm.V5, null, '5')]
    [InlineData(ForgeAlgorithm.V8Sha256, null, '8')]
    [InlineData(ForgeAlgorithm.V8HmacSha256, Secret, '8')]
    public void Version_and_variant_bits_are_set(ForgeAlgorithm algorithm, string? secret, char version)
    {
        var entity = new ForgeDomain("forgeshop.example", algorithm, secret).Entity("products", KeyKind.Sku);
        for (var i = 0; i < 1000; i++)
        {
            var text = entity.Derive(i.ToString(CultureInfo.InvariantCulture)).ToString();
            text[14].ShouldBe(version);
            "89ab".ShouldContain(text[19]);
        }
    }

    [Fact]
    public void HMAC_key_is_the_UTF8_of_the_secret()
    {
        var keyed = new ForgeDomain("forgeshop.example", ForgeAlgorithm.V8HmacSha256, "  älter als sechzehn  ")
            .Entity("users", KeyKind.Email);
        var digest = HMACSHA256.HashData(Encoding.UTF8.GetBytes("  älter als sechzehn  "), (byte[])[.. Uuid.ToBytes(keyed.Id), .. "a@b"u8]);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        keyed.Derive("a@b").ShouldBe(new Guid(digest.AsSpan(0, 16), bigEndian: true));
        keyed.Id.ShouldBe(new ForgeDomain("forgeshop.example").Entity("users", KeyKind.Email).Id, "namespaces are public");
        new ForgeDomain("forgeshop.example", ForgeAlgorithm.V8HmacSha256, "älter als sechzehn").Entity("users", KeyKind.Email).Derive("a@b")
            .ShouldNotBe(keyed.Derive("a@b"));
    }

    [Theory]
    [InlineData(ForgeAlgorithm.V8HmacSha256, null, "none is set")]
    [InlineData(ForgeAlgorithm.V8HmacSha256, "", "0 bytes")]
    [InlineData(ForgeAlgorithm.V8HmacSha256, "fifteen-bytes-x", "15 bytes")]
    [InlineData(ForgeAlgorithm.V5, Secret, "uses none")]
    [InlineData(ForgeAlgorithm.V8Sha256, Secret, "uses none")]
    [InlineData((ForgeAlgorithm)9, null, "no such algorithm")]
    public void Invalid_secret_throws_and_is_not_repeated(ForgeAlgorithm algorithm, string? secret, string because)
    {
        var thrown = Should.Throw<ForgeConfigurationException>(() => new ForgeDomain("forgeshop.example", algorithm, secret));
        thrown.Message.ShouldContain(because);
        if (secret is { Length: > 0 }) thrown.ToString().ShouldNotContain(secret);
    }

    [Fact]
    public void Secret_without_UTF8_form_and_short_key_are_refused()
    {
        Should.Throw<ForgeConfigurationException>(
            () => new ForgeDomain("a.b", ForgeAlgorithm.V8HmacSha256, new string('x', 20) + "\uD800"));
        Should.Throw<ForgeConfigurationException>(() => NameBasedUuid.V8HmacSha256(new byte[15], NamespaceIds.Dns, "x"u8));
        // Eight characters of two bytes are enough: bytes count.
        new ForgeDomain("a.b", ForgeAlgorithm.V8HmacSha256, "éééééééé").Algorithm.ShouldBe(ForgeAlgorithm.V8HmacSha256);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" a.example")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("ü.example")]
    [InlineData("a_b.example")]
    [InlineData("a\n")]
    [InlineData("\u212A.example")] // the Kelvin sign
    public void Domain_outside_the_pattern_is_refused(string name) =>
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain(name));

    // Characters are checked before the length, as whole code points.
    [Theory]
    [InlineData("é", 200, 0xE9)]
    [InlineData("é", 300, 0xE9)]
    [InlineData("😀", 1, 0x1F600)]
    [InlineData("😀", 300, 0x1F600)]
    public void Refusal_of_a_long_domain_or_type_names_the_character(string character, int times, int codePoint)
    {
        var name = "a" + string.Concat(Enumerable.Repeat(character, times));
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain(name)).Message.ShouldContain($"U+{codePoint:X4} ");
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain("a.b").Entity(name, KeyKind.Text)).Message.ShouldContain(
            $"U+{codePoint:X4};");
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain("a\uD83D")).Message.ShouldContain("U+D83D ");
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain("a.b").Entity("a\uDE00", KeyKind.Text)).Message.ShouldContain(
            "U+DE00;");
    }

    [Fact]
    public void Domain_has_at_most_253_characters()
    {
        new ForgeDomain(new string('a', 253)).Name.Length.ShouldBe(253);
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain(new string('a', 254)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Users")]
    [InlineData("1x")]
    [InlineData("_x")]
    [InlineData("a b")]
    [InlineData("ü")]
    [InlineData("a\n")]
    [InlineData("a/b")]
    public void Entity_type_outside_the_pattern_is_refused(string name) =>
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain("a.b").Entity(name, KeyKind.Text));

    [Fact]
    public void Entity_type_may_have_dots_hyphens_underscores_and_64_characters()
    {
        new ForgeDomain("a.b").Entity("a.b-c_9", KeyKind.Text).Type.Name.ShouldBe("a.b-c_9");
        new ForgeDomain("a.b").Entity(new string('a', 64), KeyKind.Text);
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain("a.b").Entity(new string('a', 65), KeyKind.Text));
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain("a.b").Entity("a", KeyShape.List(KeyKind.Text)));
        Should.Throw<ForgeConfigurationException>(() => new ForgeDomain("a.b").Entity("a", (KeyKind)99));
    }

    [Fact]
    public void Names_of_kinds_and_algorithms_are_parsed_back()
    {
        foreach (var kind in Inputs.Kinds) KeyKinds.TryParse(kind.ToName(), out var read).ShouldBe(read == kind);
        foreach (var algorithm in Enum.GetValues<ForgeAlgorithm>()) ForgeAlgorithms.TryParse(algorithm.ToName(), out var read)
            .ShouldBe(read == algorithm);
        foreach (var nonsense in new[] { null, "", "V5", "Email", " v5", "0" })
        {
            KeyKinds.TryParse(nonsense, out _).ShouldBeFalse();
            ForgeAlgorithms.TryParse(nonsense, out _).ShouldBeFalse();
        }
    }

    [Fact]
    public void Bare_derivation_takes_long_names_and_refuses_lone_surrogates()
    {
        var name = new string('é', 100_000);
        NameBasedUuid.V5(NamespaceIds.Url, name).ShouldBe(NameBasedUuid.V5(NamespaceIds.Url, Encoding.UTF8.GetBytes(name)));
        Should.Throw<ForgeKeyException>(() => NameBasedUuid.V5(NamespaceIds.Url, "a\uD800")).Error.CodePoint.ShouldBe(0xD800);
    }

    [Fact]
    public void Verify_returns_false_for_another_key_ID_or_a_refused_key()
    {
        var users = new ForgeDomain("forgeshop.example").Entity("users", KeyKind.Email);
        var id = users.Derive("ada@example.com");
        users.Verify(id, " ADA@example.com").ShouldBeTrue();
        users.Verify(id, "ADA@example.com"u8).ShouldBeTrue();
        users.Verify(id, "bob@example.com").ShouldBeFalse();
        users.Verify(Guid.Empty, "not an address").ShouldBeFalse();
        users.Verify(Guid.Empty, "not an address"u8).ShouldBeFalse();
    }

    [Fact]
    public void Batch_equals_single_derivations_and_names_the_wrong_key()
    {
        var users = new ForgeDomain("forgeshop.example").Entity("users", KeyKind.Email);
        var keys = Enumerable.Range(0, 1000).Select(i => $"User-{i}@{new string('x', i % 60 + 1)}.example").ToArray();
        var expected = keys.Select(key => users.Derive(key)).ToArray();
        var ids = new Guid[1000];
        users.DeriveMany(keys, ids);
        ids.ShouldBe(expected);

        var block = Encoding.UTF8.GetBytes(string.Concat(keys));
        var ranges = new Range[1000];
        for (int i = 0, at = 0; i < 1000; at += keys[i++].Length) ranges[i] = at..(at + keys[i].Length);
        Array.Clear(ids);
        users.DeriveMany(block, ranges, ids);
        ids.ShouldBe(expected);

        keys[500] = "no address";
        Should.Throw<ForgeKeyException>(() => users.DeriveMany(keys, ids)).Index.ShouldBe(500);
        keys[500] = null!;
        Should.Throw<ForgeKeyException>(() => users.DeriveMany(keys, ids)).Error.Refusal.ShouldBe(KeyRefusal.Empty);
        Should.Throw<ArgumentException>(() => users.DeriveMany(keys, ids.AsSpan(1)));
    }

    [Fact]
    public void Concurrent_derivations_equal_sequential_ones()
    {
        var users = new ForgeDomain("forgeshop.example").Entity("users", KeyKind.Email);
        var orders = new ForgeDomain("forgeshop.example")
            .Entity("orders", KeyShape.Record(("user", KeyKind.Uuid), ("reference", KeyKind.Text)));
        Guid One(int i) => orders.Derive(("reference", $"cart-{i}"), ("user", users.Derive($"user-{i}@example.com")));
        var expected = Enumerable.Range(0, 5_000).Select(One).ToArray();
        var actual = new Guid[5_000];
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => actual[i % 5_000] = One(i % 5_000));
        actual.ShouldBe(expected);

        // Batches and JCS, too, concurrently.
        string[] keys = [.. Enumerable.Range(0, 500).Select(i => $"user-{i}@{new string('x', i % 90 + 1)}.example")];
        Guid[] batch = [.. keys.Select(key => users.Derive(key))];
        var (utf8, ranges) = (Encoding.UTF8.GetBytes(string.Concat(keys)), new Range[keys.Length]);
        for (int i = 0, at = 0; i < keys.Length; at += keys[i++].Length) ranges[i] = at..(at + keys[i].Length);
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var ids = new Guid[keys.Length];
            if (i % 2 == 0) users.DeriveMany(keys, ids);
            else users.DeriveMany(utf8, ranges, ids);
            ids.ShouldBe(batch);
            Encoding.UTF8.GetString(
                Jcs.Canonicalize(Encoding.UTF8.GetBytes($$"""{ "b": [{{i}}.0, "\u0061"], "a": { "d": null, "c": {{i}} } }""")))
                .ShouldBe($$"""{"a":{"c":{{i}},"d":null},"b":[{{i}},"a"]}""");
        });
    }

    [Fact]
    public void Culture_does_not_change_an_ID()
    {
        var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        odd.NumberFormat.NegativeSign = "\u2212";
        odd.NumberFormat.NumberDecimalSeparator = ",";
        odd.NumberFormat.NativeDigits = ["\u0660", "\u0661", "\u0662", "\u0663", "\u0664", "\u0665", "\u0666", "\u0667", "\u0668",
            "\u0669"];
        odd.DateTimeFormat.TimeSeparator = ".";
        var things = new ForgeDomain("forgeshop.example").Entity("things", KeyShape.AnyRecord);
        string Name() =>
            things.GetName(
            ("a", -5L), ("b", -1.5m), ("c", KeyValue.Of(KeyKind.Ts6, DateTimeOffset.UnixEpoch)), ("d", KeyValue.Of(KeyKind.Email, "I@I")));
        var expected = Name();
        var number = Encoding.UTF8.GetString(Jcs.Canonicalize("[-1.5,1e-7]"u8));
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = odd;
            Name().ShouldBe(expected);
            Encoding.UTF8.GetString(Jcs.Canonicalize("[-1.5,1e-7]"u8)).ShouldBe(number);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
