using System.ComponentModel;
using System.Diagnostics;

namespace ForgeShop.TestSupport;

/// <summary>Runs a program that may not be installed.</summary>
public static class Command
{
    /// <summary>Returns whether the program is installed.</summary>
    public static bool Exists(string program, string versionOption)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, versionOption)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            return process.WaitForExit(Eventually.DefaultTimeout) && process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Runs a program to its end; returns its output.</summary>
    /// <exception cref="InvalidOperationException">The exit code is not 0; the message has what the program wrote.</exception>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, string? folder = null, string? input = null,
        CancellationToken cancellationToken = default)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder ?? AppContext.BaseDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Eventually.DefaultTimeout);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await output} {await errors}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
