using System.Text.Json.Serialization;

namespace ForgeShop.Benchmarks;

/// <summary>What <c>./forge bench forge --json</c> writes.</summary>
/// <param name="Machine">Where it was measured.</param>
/// <param name="MeasuredAt">When, in UTC.</param>
/// <param name="Results">One row a way and length.</param>
/// <param name="Processes">Everything that was measured, process by process.</param>
public sealed record Report(
    Machine Machine, DateTimeOffset MeasuredAt, IReadOnlyList<Result> Results, IReadOnlyList<ProcessReport> Processes);

/// <summary>One way of deriving IDs from names of one length, with the baseline of the same process.</summary>
/// <param name="Way"><c>Platform</c> (the baseline), <c>One</c>, <c>Dependent</c> or <c>Batch</c>.</param>
/// <param name="LaneBits">The width of the widest vectors that the process had: 512, 256, 128, or 0.</param>
/// <param name="Length">Characters of a name.</param>
/// <param name="NanosecondsPerId">The fastest of many short runs.</param>
/// <param name="Ratio">How many times faster than the baseline in the same process.</param>
/// <param name="BytesPerId">What an ID allocates.</param>
public sealed record Result(string Way, int LaneBits, int Length, double NanosecondsPerId, double Ratio, double BytesPerId);

/// <summary>What one process measured.</summary>
/// <param name="Switches">The environment variables that took instructions away from it.</param>
/// <param name="LaneBits">The width of the widest vectors that it had.</param>
/// <param name="Results">Its measurements.</param>
public sealed record ProcessReport(string Switches, int LaneBits, IReadOnlyList<Result> Results);

[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(ProcessReport))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class ReportJson : JsonSerializerContext;
