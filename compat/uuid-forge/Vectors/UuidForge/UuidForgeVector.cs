using System.Text.Json;
using ForgeShop.Forge;
using ForgeShop.Forge.Cli;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Vectors;

/// <summary>uuid-forge.json: {entity_type, namespace, salt, args, kwargs, uuid}.</summary>
internal sealed class UuidForgeVector : IVectorShape
{
    public bool Recognises(JsonElement vector) =>
        Vector.Has(vector, "entity_type") && (Vector.Has(vector, "args") || Vector.Has(vector, "kwargs")) && !Vector.Has(vector, "result");

    public string? Check(JsonElement vector)
    {
        Vector.MustExpect(vector, "uuid", "name");
        var config = Config(vector);
        var generator = new UuidForgeGenerator(config);
        var (entity, arguments, keywords) =
            (Vector.Text(vector, "entity_type"), PythonValues.Arguments(vector), PythonValues.Keywords(vector));
        return Vector.Differs(vector, "namespace_uuid", Uuid.ToText(config.Namespace))
            ?? Vector.Differs(vector, "name", generator.Name(entity, arguments, keywords))
            ?? Vector.Differs(vector, "uuid", Uuid.ToText(generator.Generate(entity, arguments, keywords)));
    }

    public static UuidForgeConfig Config(JsonElement vector)
    {
        var salt = Vector.OptionalText(vector, "salt") ?? "";
        if (!Vector.Has(vector, "namespace")
            || Vector.Get(vector, "namespace") is not { ValueKind: not JsonValueKind.Null } space)
            return new UuidForgeConfig(NamespaceIds.Dns, salt);
        if (Vector.Has(space, "domain")) return UuidForgeConfig.ForDomain(Vector.Text(space, "domain"), salt);
        return Uuid.TryParse(Vector.Text(space, "uuid"), out var id)
            ? new UuidForgeConfig(id, salt)
            : throw new MalformedVectorException("the namespace is not a UUID");
    }
}

/// <summary>uuid-forge.extra.json, prefix: {entity_type, kwargs, prefix, separator, result}.</summary>
internal sealed class UuidForgePrefixVector : IVectorShape
{
    public bool Recognises(JsonElement vector) =>
        Vector.Has(vector, "entity_type") && Vector.Has(vector, "prefix") && Vector.Has(vector, "separator");

    public string? Check(JsonElement vector)
    {
        Vector.MustExpect(vector, "result");
        return Vector.Differs(vector, "result", new UuidForgeGenerator(UuidForgeVector.Config(vector)).GenerateWithPrefix(
            Vector.OptionalText(vector, "prefix"), Vector.Text(vector, "entity_type"), PythonValues.Arguments(vector),
            PythonValues.Keywords(vector), Vector.Text(vector, "separator")));
    }
}

/// <summary>
/// uuid-forge.extra.json, extract: {input, separator, uuid or error}. Forge is stricter on purpose: it must agree wherever the text ends in
/// the 36 characters of an ID, and refuse what Python's lenient parser makes of anything else.
/// </summary>
internal sealed class UuidForgeExtractVector : IVectorShape
{
    public bool Recognises(JsonElement vector) => Vector.Has(vector, "input") && Vector.Has(vector, "separator");

    public string? Check(JsonElement vector)
    {
        Vector.MustExpect(vector, "uuid");
        var (text, separator) = (Vector.Text(vector, "input"), Vector.Text(vector, "separator"));
        if (separator.Length == 0) throw new MalformedVectorException("the separator is empty");
        var found = UuidForgeGenerator.TryExtract(text, out var id, separator);
        if (Vector.Has(vector, "error")) return found ? null : throw new MalformedVectorException("there is no ID in it");
        var expected = Vector.Text(vector, "uuid");
        var canonical = text.EndsWith(expected, StringComparison.OrdinalIgnoreCase)
            && (text.Length == expected.Length || text[..^expected.Length].EndsWith(separator, StringComparison.Ordinal));
        return canonical
            ? found ? Vector.Differs(vector, "uuid", Uuid.ToText(id)) : "no ID was found" : found ? $"uuid is {Uuid.ToText(id)}" : null;
    }
}
