namespace ForgeShop.Benchmarks.Pipelines;

/// <summary>The answer of a pipeline's process to one command.</summary>
/// <param name="Count">The number of orders or messages, each of them complete exactly once.</param>
/// <param name="Seconds">The time from the first commit until the last one is complete.</param>
/// <param name="CpuMilliseconds">The processor time of the pipeline's process for one of them, without its servers.</param>
/// <param name="MedianMilliseconds">The median time of one order where they are placed one after the other.</param>
internal sealed record PipelineRound(int Count, double Seconds, double CpuMilliseconds, double? MedianMilliseconds);
