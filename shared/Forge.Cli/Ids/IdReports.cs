using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ForgeShop.Forge.Cli;

/// <summary>Prints an ID.</summary>
internal interface IIdReport
{
    void Write(KeyInput key, TextWriter output);
}

/// <summary>Prints the ID only.</summary>
internal sealed class BareReport(EntityNamespace entity) : IIdReport
{
    public void Write(KeyInput key, TextWriter output) => output.WriteLine(Uuid.ToText(key.Derive(entity)));
}

/// <summary>Prints every step, so that a SHA-1 tool can check it.</summary>
internal sealed class Explanation(EntityNamespace entity) : IIdReport
{
    public void Write(KeyInput key, TextWriter output)
    {
        var steps = new Derivation(entity, key);
        output.WriteLine($"domain     {entity.Domain.Name}");
        output.WriteLine($"root       {Uuid.ToText(entity.Domain.Root)} = UUIDv5 of the domain in the DNS namespace");
        var form = key.Plain is null ? "a record" : "plain, kind " + entity.Type.Shape.Kind!.Value.ToName();
        output.WriteLine($"entity     {entity.Type.Name} ({form})");
        output.WriteLine($"namespace  {Uuid.ToText(entity.Id)} = UUIDv5 of the entity type in the root");
        output.WriteLine($"name       {steps.Name} ({steps.NameBytes.Length} bytes)");
        output.WriteLine($"hashed     {Convert.ToHexStringLower(steps.Hashed)}");
        output.WriteLine(steps.Digest is null
            ? $"digest     {steps.HashName} of these bytes with the secret"
            : $"digest     {Convert.ToHexStringLower(steps.Digest)} = {steps.HashName} of these bytes");
        output.WriteLine($"id         the first 16 bytes of the digest, version {steps.Version} in byte 6, variant 10 in byte 8:");
        output.WriteLine(Uuid.ToText(steps.Id));
    }
}

/// <summary>Prints the ID and its steps as one line of JSON.</summary>
internal sealed class JsonReport(EntityNamespace entity) : IIdReport
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Write(KeyInput key, TextWriter output)
    {
        var steps = new Derivation(entity, key);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteString("id", Uuid.ToText(steps.Id));
            if (entity.Type.Prefix is not null) json.WriteString("prefixed", entity.Type.ToPrefixedText(steps.Id));
            json.WriteString("entity", entity.Type.Name);
            json.WriteString("algorithm", entity.Domain.Algorithm.ToName());
            json.WriteString("domain", entity.Domain.Name);
            json.WriteString("root", Uuid.ToText(entity.Domain.Root));
            json.WriteString("namespace", Uuid.ToText(entity.Id));
            json.WriteString("name", steps.Name);
            json.WriteEndObject();
        }
        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
