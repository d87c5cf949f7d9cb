using System.Text.Json;
using ForgeShop.Forge;
using ForgeShop.Forge.Cli;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Vectors;

/// <summary>uuid-forge.extra.json, validate: {salt, namespace_domain, strict, is_valid, messages}.</summary>
internal sealed class UuidForgeSecurityVector : IVectorShape
{
    public bool Recognises(JsonElement vector) => Vector.Has(vector, "strict") && Vector.Has(vector, "is_valid");

    public string? Check(JsonElement vector)
    {
        var (salt, domain) = (Vector.Text(vector, "salt"), Vector.OptionalText(vector, "namespace_domain"));
        var config = domain is null ? new UuidForgeConfig(NamespaceIds.Dns, salt) : UuidForgeConfig.ForDomain(domain, salt);
        var (valid, messages) = config.Validate(Vector.Flag(vector, "strict"));
        if (valid != Vector.Flag(vector, "is_valid")) return $"is_valid is {valid}";
        var expected = Vector.Items(vector, "messages")
            .Select(message => message.ValueKind is JsonValueKind.String ? JsonText.Read(message) : "");
        return messages.SequenceEqual(expected) ? null : "messages are " + string.Join(" ", messages);
    }
}

/// <summary>uuid-forge.extra.json, env: {env, namespace_uuid, namespace_domain, salt}.</summary>
internal sealed class UuidForgeEnvironmentVector : IVectorShape
{
    public bool Recognises(JsonElement vector) => Vector.Has(vector, "env") && Vector.Has(vector, "namespace_uuid");

    public string? Check(JsonElement vector)
    {
        var environment = Vector.Get(vector, "env");
        var config = UuidForgeConfig.FromEnvironment(name => Vector.OptionalText(environment, name));
        if (config.Domain != Vector.OptionalText(vector, "namespace_domain")) return "namespace_domain differs";
        return Vector.Differs(vector, "namespace_uuid", Uuid.ToText(config.Namespace)) ?? Vector.Differs(vector, "salt", config.Salt);
    }
}
