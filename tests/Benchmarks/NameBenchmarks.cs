using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using ForgeShop.Forge;

namespace ForgeShop.Benchmarks;

/// <summary>From the text of a key to its ID, version 5, by every way there is. Each benchmark derives <see cref="Names"/> IDs.</summary>
[MemoryDiagnoser]
public class NameBenchmarks
{
    /// <summary>How many names one run derives; a batch is all of them.</summary>
    public const int Names = 128;

    private static readonly EntityNamespace Texts = new ForgeDomain("forgeshop.example").Entity("texts", KeyKind.Text);

    private readonly Guid _namespace = Texts.Id;
    private readonly Guid[] _ids = new Guid[Names];
    private string[] _keys = [];

    /// <summary>Characters of a name, all of them ASCII: one, two and four blocks of SHA-1.</summary>
    [Params(24, 60, 200)]
    public int Length { get; set; }

    /// <summary>Makes the keys.</summary>
    [GlobalSetup]
    public void Setup() => _keys = [.. Enumerable.Range(0, Names).Select(i => $"{i:x8}".PadRight(Length, 'k'))];

    /// <summary>
    /// What a careful team writes without this library: UTF-8 into a stack buffer, the platform's SHA-1, a big-endian Guid.
    /// </summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Names)]
    public void Platform()
    {
        for (var i = 0; i < Names; i++) _ids[i] = Platform(_namespace, _keys[i]);
    }

    /// <summary>One ID at a time; the processor may begin the next while it finishes the last.</summary>
    [Benchmark(OperationsPerInvoke = Names)]
    public void One()
    {
        for (var i = 0; i < Names; i++) _ids[i] = Texts.Derive(_keys[i]);
    }

    /// <summary>One ID at a time; each ID selects the next key, so derivations do not overlap and the whole latency counts.</summary>
    [Benchmark(OperationsPerInvoke = Names)]
    public Guid Dependent()
    {
        var id = Guid.Empty;
        for (var i = 0; i < Names; i++) id = Texts.Derive(_keys[Unsafe.As<Guid, byte>(ref id) % Names]);
        return id;
    }

    /// <summary>All of them in one call.</summary>
    [Benchmark(OperationsPerInvoke = Names)]
    public void Batch() => Texts.DeriveMany(_keys, _ids);

    private static Guid Platform(Guid namespaceId, string name)
    {
        Span<byte> message = stackalloc byte[16 + 256];
        namespaceId.TryWriteBytes(message, bigEndian: true, out _);
        var length = Encoding.UTF8.GetBytes(name, message[16..]);
        Span<byte> digest = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 9562 section 5.5 defines version 5 by SHA-1.
        SHA1.HashData(message[..(16 + length)], digest);
#pragma warning restore CA5350
        digest[6] = (byte)((digest[6] & 0x0F) | 0x50);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }

    /// <summary>Fails if the ways do not agree: a fast wrong answer must not be measured.</summary>
    public void Check()
    {
        Batch();
        for (var i = 0; i < Names; i++)
        {
            var expected = Platform(_namespace, _keys[i]);
            if (_ids[i] != expected || Texts.Derive(_keys[i]) != expected) throw new InvalidOperationException(
                $"Two ways derive two IDs of '{_keys[i]}'.");
        }
    }
}
