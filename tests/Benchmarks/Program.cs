using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ForgeShop.Benchmarks;
using ForgeShop.Benchmarks.Pipelines;

// The short comparison (./forge bench forge) and one process of it, a pipeline of ./forge bench orders, or BenchmarkDotNet with its own
// arguments.
switch (args)
{
    case ["forge"]:
        return Comparison.Run(Console.Out);
    case ["forge", "--json"]:
        return Comparison.Run(Console.Error, report => Console.Out.WriteLine(report));
    case ["forge", "--json", var file] when !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))):
        Console.Error.WriteLine($"forge: there is no folder for {file}");
        return 2;
    case ["forge", "--json", var file]:
        return Comparison.Run(Console.Out, report => File.WriteAllText(file, report + "\n"));
    case [Measurement.Argument]:
        Measurement.Run(Console.Out);
        return 0;
    case [PipelineProcess.Argument, var kind]:
        return await PipelineProcess.RunAsync(kind, CancellationToken.None);
    case ["forge", ..]:
        Console.Error.WriteLine("forge: bench forge takes nothing but --json [FILE]");
        return 2;
    default:
        // In this process: a project that BenchmarkDotNet generates would build into this repository's artifacts.
        var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance);
        var config = DefaultConfig.Instance.AddJob(job).WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "BenchmarkDotNet"));
        return BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config).Any() ? 0 : 2;
}
