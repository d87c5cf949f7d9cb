using System.ComponentModel;
using System.Diagnostics;

namespace ForgeShop.DevKafka.Tests;

/// <summary>Runs a program that may not be installed.</summary>
internal static class Command
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

    /// <summary>Runs a program to its end with exit code 0; returns its output.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string? folder = null, string? input = null)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder ?? AppContext.BaseDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(timeout.Token);
            process.ExitCode.ShouldBe(0, $"{program}: {await output} {await errors}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
