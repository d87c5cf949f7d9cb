using System.Reflection;
using System.Runtime.Loader;

namespace ForgeShop.Forge.Tests;

/// <summary>The forge tool over vector files, with another library than the one it was built with; in this process, side by side with the real one.</summary>
internal static class VectorRun
{
    private static readonly byte[] Tool = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "forge.dll"));
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Whether a vector fails. No answer at all, or an exception that the tool does not expect, is a failure, too.</summary>
    public static bool Fails(byte[] library, params string[] files)
    {
        var fails = true;
        // A thread of its own: a changed constant may well make a loop without end, and that cannot be ended, only left behind.
        var run = new Thread(() => fails = ExitCode(library, files) != 0) { IsBackground = true };
        run.Start();
        return !run.Join(Patience) || fails;
    }

    private static int ExitCode(byte[] library, string[] files)
    {
        var context = new Libraries(library);
        try
        {
            var run = context.LoadFromStream(new MemoryStream(Tool)).GetType("ForgeShop.Forge.Cli.ForgeTool")!.GetMethod("Run", BindingFlags.Public | BindingFlags.Static)!;
            return (int)run.Invoke(null, [(string[])["vectors", .. files], Stream.Null, TextWriter.Null, TextWriter.Null])!;
        }
        catch (TargetInvocationException)
        {
            return -1;
        }
    }

    private sealed class Libraries(byte[] library) : AssemblyLoadContext(name: null)
    {
        protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name == "ForgeShop.Forge" ? LoadFromStream(new MemoryStream(library)) : null;
    }
}
