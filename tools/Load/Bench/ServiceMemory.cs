using System.Globalization;

namespace ForgeShop.Load.Bench;

/// <summary>The memory of a process, in MiB. Null where the operating system has no /proc.</summary>
/// <param name="Service">The service.</param>
/// <param name="Proportional">The proportional set size: a page that several processes share counts in parts.</param>
/// <param name="Private">The pages that no other process shares.</param>
internal sealed record ServiceMemory(string Service, double? Proportional, double? Private)
{
    public static async Task<ServiceMemory> ReadAsync(string service, int processId, CancellationToken cancellationToken)
    {
        var file = $"/proc/{processId}/smaps_rollup";
        if (!File.Exists(file))
            return new(service, null, null);
        var lines = await File.ReadAllLinesAsync(file, cancellationToken);
        return new(service, MiB("Pss:"), MiB("Private_Clean:") + MiB("Private_Dirty:"));

        // Pss:              123456 kB
        double MiB(string field)
        {
            var line = lines.Single(line => line.StartsWith(field, StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
    }
}
