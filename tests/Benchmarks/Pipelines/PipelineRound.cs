namespace ForgeShop.Benchmarks.Pipelines;

/// <summary>The answer of a pipeline's process to one command.</summary>
/// <param name="Orders">The number of orders, each of them complete exactly once.</param>
/// <param name="Seconds">From the first order until the last one was complete.</param>
/// <param name="CpuMilliseconds">The processor time of the pipeline's process an order; its servers come on top.</param>
/// <param name="MedianMilliseconds">The median time of one order, if they were placed one after the other.</param>
public sealed record PipelineRound(int Orders, double Seconds, double CpuMilliseconds, double? MedianMilliseconds);
