using ForgeShop.Fuzz.Ids;
using ForgeShop.TestSupport;
using Npgsql;

namespace ForgeShop.Load.Fuzz;

/// <summary>
/// <c>./forge fuzz ids</c>: compares the ports in polyglot/ with .NET, and prints the smallest keys that they answer otherwise.
/// </summary>
internal static class FuzzIdsCommand
{
    /// <returns>Whether all answers were equal.</returns>
    public static async Task<bool> RunAsync(long keys, TimeSpan duration, int seed, CancellationToken cancellationToken)
    {
        foreach (var port in Port.All.Where(port => port.Missing is not null))
            Console.WriteLine($"left out: {port}, because {port.Missing} is not installed");
        var ports = Port.All.Where(port => port.Missing is null).ToList();
        await using var postgres = new PostgresServer();
        var needsPostgres = ports.Any(port => port.Name == "sql");
        if (needsPostgres)
            await postgres.StartAsync(cancellationToken);

        Console.WriteLine($"comparing .NET with {string.Join(", ", ports)}; seed {seed}");
        var fuzz = new IdFuzz(ports, needsPostgres ? Uri(postgres) : null, seed);
        await fuzz.RunAsync(
            keys, duration, run => Console.WriteLine($"{run.Keys:N0} keys, {run.Compared:N0} comparisons"), cancellationToken);
        foreach (var difference in fuzz.Differences)
            Console.WriteLine($"{difference}");
        var isClean = fuzz.Differences.Count == 0 && ports.Count > 0;
        var counts = string.Join(", ", fuzz.Counts.Select(count => $"{count.Port} {count.Compared:N0}"));
        Console.WriteLine(
            $"{(isClean ? "clean" : "NOT clean")}: {fuzz.Keys:N0} keys, {fuzz.Compared:N0} comparisons ({counts}), "
            + $"{fuzz.Differences.Count} differences; seed {seed}");
        return isClean;
    }

    private static string Uri(PostgresServer server)
    {
        var connection = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        return $"postgresql://{connection.Username}:{connection.Password}@{connection.Host}:{connection.Port}/{connection.Database}";
    }
}
