using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ForgeShop.Messaging.Tests;

/// <summary>Resolves librdkafka to the variant that Confluent.Kafka loads on this platform: its package has several.</summary>
internal static class LibrdkafkaResolver
{
    private static readonly string[] Variants = ["librdkafka", "centos8-librdkafka", "alpine-librdkafka"];

    [ModuleInitializer]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(LibrdkafkaResolver).Assembly, Resolve);

    /// <summary>Returns the library's handle; 0 leaves other libraries, and a missing one, to the runtime.</summary>
    private static nint Resolve(string library, Assembly assembly, DllImportSearchPath? path)
    {
        foreach (var variant in library == "librdkafka" ? Variants : [])
        {
            if (NativeLibrary.TryLoad(variant, assembly, null, out var handle))
                return handle;
        }

        return 0;
    }
}
