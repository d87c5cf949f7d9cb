using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;

namespace ForgeShop.Benchmarks;

/// <summary>
/// <c>./forge bench forge</c>: some seconds in several processes for each width of vectors, one after the other. The platform's SHA-1 has
/// another speed from process to process, so each way is compared with it in its own process, and only processes count in which it had the
/// higher of its speeds.
/// </summary>
internal static class Comparison
{
    private const int ProcessesEach = 4;

    // The baseline's two speeds are a quarter apart; within a tenth of the faster one is the faster one.
    private const double LowerMode = 1.1;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static int Run(TextWriter table, Action<string>? json = null)
    {
        table.WriteLine("measuring for about half a minute ...");
        List<ProcessReport> processes = [];
        foreach (var switches in Legs())
        {
            for (var i = 0; i < ProcessesEach; i++) processes.Add(Measure(switches));
        }
        Result[] results = [.. processes.GroupBy(process => process.LaneBits).SelectMany(Reported)];
        Print(table, results);
        json?.Invoke(
            JsonSerializer.Serialize(
            new Report(Machine.Describe(), TimeProvider.System.GetUtcNow(), results, processes), ReportJson.Default.Report));
        return 0;
    }

    // The processor as it is, then with less and less of it.
    private static IEnumerable<string> Legs()
    {
        yield return "";
        if (Avx512BW.IsSupported) yield return "DOTNET_EnableAVX512=0";
        if (Avx2.IsSupported) yield return "DOTNET_EnableAVX2=0";
    }

    private static ProcessReport Measure(string switches)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "dotnet") start.ArgumentList.Add(
            typeof(Comparison).Assembly.Location);
        start.ArgumentList.Add(Measurement.Argument);
        if (switches.Split('=') is [var name, var value]) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Timeout))
        {
            process.Kill();
            throw new TimeoutException($"A measuring process ({switches}) did not end within {Timeout.TotalSeconds} s.");
        }
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize(output.GetAwaiter().GetResult(), ReportJson.Default.ProcessReport)! with { Switches = switches }
            : throw new InvalidOperationException($"A measuring process ({switches}) ended with exit code {process.ExitCode}.");
    }

    // Of the processes whose baseline was about as fast as the fastest, the middle one; of two in the middle the slower.
    private static IEnumerable<Result> Reported(IEnumerable<ProcessReport> processes) =>
        from process in processes
        from ofOneLength in process.Results.GroupBy(result => result.Length)
        let baseline = Platform(ofOneLength).NanosecondsPerId
        from result in ofOneLength
        group (baseline, result) by (result.Length, result.Way) into measured
        let lowest = measured.Min(one => one.baseline)
        let counted = measured.Where(one => one.baseline <= lowest * LowerMode).Select(one => one.result)
            .OrderBy(result => result.NanosecondsPerId).ToArray()
        select counted[counted.Length / 2];

    private static Result Platform(IEnumerable<Result> results) => results.Single(result => result.Way is nameof(NameBenchmarks.Platform));

    private static void Print(TextWriter table, Result[] results)
    {
        int[] lengths = [.. results.Select(result => result.Length).Distinct()];
        var widest = results.Max(result => result.LaneBits);
        table.WriteLine(
            "nanoseconds per ID, text in, ID out, one core; in brackets how many times faster than the platform's SHA-1 in the same "
            + "process");
        table.WriteLine($"{"",-34}{string.Concat(lengths.Select(length => $"{$"{length} characters",22}"))}");
        Row("the platform's SHA-1", nameof(NameBenchmarks.Platform), widest);
        Row("one ID", nameof(NameBenchmarks.One), widest);
        Row("one ID, the next waits for it", nameof(NameBenchmarks.Dependent), widest);
        foreach (var bits in results.Select(result => result.LaneBits).Distinct()) Row(
            $"batch of {NameBenchmarks.Names}, {Lanes(bits)}", nameof(NameBenchmarks.Batch), bits);
        var own = results.Where(result => result.Way is not nameof(NameBenchmarks.Platform));
        table.WriteLine($"allocated: {own.Max(result => result.BytesPerId):0.##} bytes per ID");

        void Row(string title, string way, int laneBits) =>
            table.WriteLine($"{title,-34}{string.Concat(lengths.Select(length => Cell(way, laneBits, length)))}");

        string Cell(string way, int laneBits, int length)
        {
            var result = results.Single(result => (result.Way, result.LaneBits, result.Length) == (way, laneBits, length));
            var ratio = way is nameof(NameBenchmarks.Platform) ? "" : $" ({result.Ratio.ToString("0.0", CultureInfo.InvariantCulture)}x)";
            return $"{result.NanosecondsPerId.ToString("0.0", CultureInfo.InvariantCulture) + ratio,22}";
        }
    }

    private static string Lanes(int bits) => bits switch
    {
        512 => "AVX-512",
        256 => "AVX2",
        128 => "128-bit vectors",
        _ => "no vectors",
    };
}
