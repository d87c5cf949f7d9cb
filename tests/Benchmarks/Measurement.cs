using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;

namespace ForgeShop.Benchmarks;

/// <summary>
/// One process of the comparison: the benchmarks in turn, many times, the fastest run of each. The runs are short (a few microseconds to a
/// tenth of a millisecond), so that even a busy machine leaves some of them alone; in turn, so that all meet the same machine.
/// </summary>
internal static class Measurement
{
    public const string Argument = "measure-forge";

    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1), Measured = TimeSpan.FromSeconds(1.5);

    public static void Run(TextWriter output)
    {
        var laneBits = Avx512BW.IsSupported ? 512 : Avx2.IsSupported ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;
        List<(string Way, int Length, Action Run)> ways = [];
        foreach (var length in (int[])[24, 60, 200])
        {
            var benchmarks = new NameBenchmarks { Length = length };
            benchmarks.Setup();
            benchmarks.Check();
            ways.Add((nameof(NameBenchmarks.Platform), length, benchmarks.Platform));
            ways.Add((nameof(NameBenchmarks.One), length, benchmarks.One));
            ways.Add((nameof(NameBenchmarks.Dependent), length, () => benchmarks.Dependent()));
            ways.Add((nameof(NameBenchmarks.Batch), length, benchmarks.Batch));
        }

        for (var start = Time.GetTimestamp(); Time.GetElapsedTime(start) < WarmUp;) ways.ForEach(way => way.Run());
        var fastest = Enumerable.Repeat(double.MaxValue, ways.Count).ToArray();
        for (var start = Time.GetTimestamp(); Time.GetElapsedTime(start) < Measured;)
        {
            for (var i = 0; i < ways.Count; i++) fastest[i] = Math.Min(fastest[i], Nanoseconds(ways[i].Run));
        }

        var results = ways.Select(
            (way, i) => new Result(way.Way, laneBits, way.Length, fastest[i], fastest[i / 4 * 4] / fastest[i], Bytes(way.Run)));
        output.Write(JsonSerializer.Serialize(new ProcessReport("", laneBits, [.. results]), ReportJson.Default.ProcessReport));
    }

    private static double Nanoseconds(Action run)
    {
        var start = Time.GetTimestamp();
        run();
        return (Time.GetTimestamp() - start) * (1e9 / Time.TimestampFrequency) / NameBenchmarks.Names;
    }

    private static double Bytes(Action run)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++) run();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (10.0 * NameBenchmarks.Names);
    }
}
