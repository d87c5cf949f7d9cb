using System.Text.Json;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Forge.Compat.Tests;

public sealed class VectorTests
{
    [Fact]
    public void Every_ID_of_the_Python_library_is_reproduced()
    {
        var vectors = VectorFile.Load("uuid-forge.json").EnumerateArray().ToList();
        vectors.Count.ShouldBe(223);
        foreach (var vector in vectors)
        {
            var generator = new UuidForgeGenerator(VectorFile.Config(vector));
            var id = vector.GetProperty("id").GetString();
            var entity = vector.GetProperty("entity_type").GetString()!;
            generator.Name(entity, VectorFile.Arguments(vector), VectorFile.Keywords(vector))
                .ShouldBe(vector.GetProperty("name").GetString(), id);
            generator.Generate(entity, VectorFile.Arguments(vector), VectorFile.Keywords(vector))
                .ShouldBe(vector.GetProperty("uuid").GetGuid(), id);
        }
    }

    [Fact]
    public void Text_that_depends_on_the_Unicode_version_needs_one()
    {
        foreach (var @case in Extra("unicode_version_dependent").GetProperty("cases").EnumerateArray())
        {
            var text = @case.GetProperty("s").GetString()!;
            foreach (
                var (name, version) in new[] { ("3.11", PythonVersion.Python311), ("3.12", PythonVersion.Python312),
                ("3.13", PythonVersion.Python313) })
                new UuidForgeGenerator(UuidForgeConfig.Default, version).Generate("t", text)
                    .ShouldBe(@case.GetProperty("uuid").GetProperty(name).GetGuid());
            Should.Throw<UuidForgeException>(
                () => new UuidForgeGenerator(UuidForgeConfig.Default).Generate("t", text)).Message.ShouldContain("U+");
        }
    }

    [Fact]
    public void Printable_tables_equal_those_of_each_interpreter()
    {
        var versions = VectorFile.Load("python-nonprintable.json").GetProperty("versions");
        foreach (
            var (name, version) in new[] { ("3.11", PythonVersion.Python311), ("3.12", PythonVersion.Python312),
            ("3.13", PythonVersion.Python313) })
        {
            var expected = new System.Collections.BitArray(0x110000);
            foreach (var range in versions.GetProperty(name).GetProperty("ranges").EnumerateArray())
            {
                for (var codePoint = range[0].GetInt32(); codePoint <= range[1].GetInt32(); codePoint++)
                    expected[codePoint] = true;
            }

            var generator = new UuidForgeGenerator(UuidForgeConfig.Default, version);
            for (var codePoint = 0x80; codePoint < 0x110000; codePoint++)
            {
                if (codePoint is >= 0xD800 and <= 0xDFFF)
                    continue; // lone surrogates have a test of their own
                var escaped = generator.Name("", [char.ConvertFromUtf32(codePoint)], []).Contains('\\');
                if (escaped != expected[codePoint])
                    Assert.Fail($"U+{codePoint:X4} under {name}: escaped {escaped}");
            }
        }
    }

    [Fact]
    public void Lone_surrogate_is_escaped_in_arguments_and_refused_elsewhere()
    {
        var generator = new UuidForgeGenerator(UuidForgeConfig.Default);
        foreach (var @case in Extra("lone_surrogates").GetProperty("cases").EnumerateArray())
        {
            var text = string.Concat(
                @case.GetProperty("utf16").EnumerateArray().Select(unit => (char)Convert.ToUInt16(unit.GetString(), 16)));
            generator.Generate(@case.GetProperty("entity_type").GetString()!, text).ShouldBe(@case.GetProperty("uuid").GetGuid());
        }

        Should.Throw<UuidForgeException>(() => generator.Generate("\ud800"));
        Should.Throw<UuidForgeException>(() => generator.Generate("a", [], [KeyValuePair.Create<string, PythonValue>("\ud800", 1)]));
        Should.Throw<UuidForgeException>(() => new UuidForgeGenerator(new UuidForgeConfig(NamespaceIds.Dns, "\udc00")).Generate("a"));
        Should.Throw<UuidForgeException>(() => UuidForgeConfig.ForDomain("\ud800"));
    }

    [Fact]
    public void Prefixed_form_equals_the_Python_librarys()
    {
        foreach (var vector in Extra("prefix").EnumerateArray())
        {
            new UuidForgeGenerator(UuidForgeConfig.Default).GenerateWithPrefix(
                vector.GetProperty("prefix").GetString(), vector.GetProperty("entity_type")
                    .GetString()!, [], VectorFile.Keywords(vector), vector.GetProperty("separator").GetString()!)
                .ShouldBe(vector.GetProperty("result").GetString());
        }
    }

    [Fact]
    public void Extraction_accepts_texts_that_end_in_a_canonical_ID()
    {
        foreach (var vector in Extra("extract").EnumerateArray())
        {
            var (text, separator) = (vector.GetProperty("input").GetString()!, vector.GetProperty("separator").GetString()!);
            if (separator.Length == 0)
            {
                Should.Throw<ArgumentException>(() => UuidForgeGenerator.TryExtract(text, out _, separator));
                continue;
            }

            var theirs = vector.TryGetProperty("uuid", out var id) && id.ValueKind == JsonValueKind.String ? id.GetGuid() : (Guid?)null;
            var found = UuidForgeGenerator.TryExtract(text, out var ours, separator);
            var canonical = theirs is { } expected && text.EndsWith(expected.ToString(), StringComparison.OrdinalIgnoreCase)
                && (text.Length == 36 || text[..^36].EndsWith(separator, StringComparison.Ordinal));
            found.ShouldBe(canonical, text);
            if (found)
                ours.ShouldBe(theirs!.Value, text);
        }
    }

    [Fact]
    public void Validation_and_environment_equal_the_Python_librarys()
    {
        foreach (var vector in Extra("validate").EnumerateArray())
        {
            var salt = vector.GetProperty("salt").GetString()!;
            var config = vector.GetProperty("namespace_domain").GetString() is { } domain
                ? UuidForgeConfig.ForDomain(domain, salt) : new UuidForgeConfig(NamespaceIds.Dns, salt);
            var (valid, messages) = config.Validate(vector.GetProperty("strict").GetBoolean());
            valid.ShouldBe(vector.GetProperty("is_valid").GetBoolean());
            messages.ShouldBe(vector.GetProperty("messages").EnumerateArray().Select(message => message.GetString()!));
        }

        foreach (var vector in Extra("env").EnumerateArray())
        {
            var environment = vector.GetProperty("env");
            var config = UuidForgeConfig.FromEnvironment(
                name => environment.TryGetProperty(name, out var value) ? value.GetString() : null);
            config.Namespace.ShouldBe(vector.GetProperty("namespace_uuid").GetGuid());
            config.Domain.ShouldBe(vector.GetProperty("namespace_domain").GetString());
            config.Salt.ShouldBe(vector.GetProperty("salt").GetString());
        }
    }

    [Fact]
    public void Collisions_of_the_Python_library_are_reproduced()
    {
        static Guid Salted(string entity, string salt, params PythonValue[] arguments) =>
            new UuidForgeGenerator(new UuidForgeConfig(NamespaceIds.Dns, salt)).Generate(entity, arguments);
        var collisions = Extra("collisions").EnumerateArray().Select(collision => collision.GetProperty("uuid_a").GetGuid()).ToList();

        Salted("a|salt:s", "").ShouldBe(collisions[0]);
        Salted("a", "s").ShouldBe(collisions[0]);
        Salted("a", "s|'x'").ShouldBe(collisions[1]);
        Salted("a", "s", "x").ShouldBe(collisions[1]);
    }

    private static JsonElement Extra(string section) => VectorFile.Load("uuid-forge.extra.json").GetProperty(section);
}
