using System.Diagnostics;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// A program of this folder with a mutated library, in a process of its own, because a changed constant may
/// cause an endless loop.
/// </summary>
internal sealed class MutantProcess : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("forge-mutant-").FullName;
    private readonly string _program;

    /// <param name="library">The replacement of ForgeShop.Forge.dll.</param>
    /// <param name="program">The program's file name.</param>
    /// <param name="files">Patterns of the files that it needs. They are copied, because a program that is a link runs in the folder
    /// of its target, with the files there.</param>
    public MutantProcess(byte[] library, string program, params string[] files)
    {
        _program = program;
        foreach (
            var file in files.SelectMany(
            pattern => Directory.EnumerateFiles(AppContext.BaseDirectory, pattern, SearchOption.AllDirectories)))
        {
            var copy = Path.Combine(_folder, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        File.WriteAllBytes(Path.Combine(_folder, "ForgeShop.Forge.dll"), library);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Returns whether the program fails: by its exit code or by its time-out.</summary>
    public async Task<bool> FailsAsync(IEnumerable<string> arguments, bool vectors = true, CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(_folder, _program), .. arguments]) { WorkingDirectory = _folder,
            RedirectStandardOutput = true, RedirectStandardError = true };
        if (!vectors) start.Environment["DOTNET_EnableHWIntrinsic"] = "0";
        using var process = Process.Start(start)!;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            await Task.WhenAll(process.StandardOutput.ReadToEndAsync(timeout.Token), process.StandardError.ReadToEndAsync(timeout.Token),
                process.WaitForExitAsync(timeout.Token));
            return process.ExitCode != 0;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
