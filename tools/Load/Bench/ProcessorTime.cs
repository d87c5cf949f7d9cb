using System.Globalization;

namespace ForgeShop.Load.Bench;

/// <summary>The processor time of a resource, in milliseconds of one core.</summary>
/// <param name="Resource">A service, a server, or the clients of the bench.</param>
/// <param name="Milliseconds">The processor time.</param>
internal sealed record ProcessorTime(string Resource, double Milliseconds);

/// <summary>
/// Reads the processor time of native processes from /proc. A server's time includes its child processes, such as the backends of
/// PostgreSQL.
/// </summary>
internal sealed class ProcessorClock(IReadOnlyDictionary<string, int> processes)
{
    /// <summary>The unit of /proc/PID/stat: USER_HZ is 100 on every Linux platform of .NET.</summary>
    private const double MillisecondsPerTick = 10;

    /// <summary>Finds the processes of the shop's resources. In containers, those of the servers cannot be read.</summary>
    public static async Task<ProcessorClock> OfAsync(
        IsolatedAppHost host, IEnumerable<string> resources, CancellationToken cancellationToken)
    {
        var processes = new Dictionary<string, int> { ["clients"] = Environment.ProcessId };
        foreach (var resource in resources)
            processes[resource] = await host.ProcessIdAsync(resource, cancellationToken);
        return new(processes);
    }

    /// <summary>Returns the processor time of each resource since <paramref name="before"/>.</summary>
    public IEnumerable<ProcessorTime> Since(IReadOnlyDictionary<string, double> before) =>
        Read().Select(now => new ProcessorTime(now.Key, now.Value - before[now.Key]));

    /// <summary>
    /// Returns the processor time of each resource since its start, in milliseconds; nothing on systems without /proc.
    /// </summary>
    public IReadOnlyDictionary<string, double> Read()
    {
        if (!Directory.Exists("/proc/self"))
            return new Dictionary<string, double>();
        var all = ReadAll();
        var children = all.ToLookup(process => process.Value.Parent, process => process.Key);
        return processes.ToDictionary(resource => resource.Key, resource => MillisecondsPerTick * Ticks(resource.Value));

        double Ticks(int id) => all.TryGetValue(id, out var process) ? process.Ticks + children[id].Sum(Ticks) : 0;
    }

    private static Dictionary<int, (int Parent, double Ticks)> ReadAll()
    {
        var all = new Dictionary<int, (int, double)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var id))
                continue;
            try
            {
                // 4711 (a name) S parent ...: the fields after the name are separated by one space; proc(5) numbers them from 3.
                var stat = File.ReadAllText(folder + "/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                all[id] = (int.Parse(fields[1], CultureInfo.InvariantCulture),
                    Enumerable.Range(11, 4).Sum(field => double.Parse(fields[field], CultureInfo.InvariantCulture)));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The process has ended since the directory was listed.
            }
        }

        return all;
    }
}
