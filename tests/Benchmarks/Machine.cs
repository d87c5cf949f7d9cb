using System.Runtime.InteropServices;

namespace ForgeShop.Benchmarks;

/// <summary>What numbers were measured on.</summary>
public sealed record Machine(string Processor, int Processors, string Architecture, string OperatingSystem, string Runtime)
{
    public static Machine Describe() =>
        new(Model(), Environment.ProcessorCount, RuntimeInformation.ProcessArchitecture.ToString(), RuntimeInformation.OSDescription,
            RuntimeInformation.FrameworkDescription);

    private static string Model()
    {
        const string Linux = "/proc/cpuinfo";
        var model = File.Exists(Linux)
            ? File.ReadLines(Linux).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return model?.Split(':', 2)[1].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown";
    }
}
