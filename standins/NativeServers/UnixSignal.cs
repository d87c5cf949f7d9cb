using System.Runtime.InteropServices;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>The signals that are sent here, by their numbers on Linux.</summary>
public enum UnixSignal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

internal static class UnixSignals
{
    /// <summary>The name that util-linux programs take.</summary>
    public static string ShortName(this UnixSignal signal) => signal switch
    {
        UnixSignal.Interrupt => "INT",
        UnixSignal.Kill => "KILL",
        UnixSignal.Terminate => "TERM",
        UnixSignal.Continue => "CONT",
        UnixSignal.Stop => "STOP",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, null),
    };

    /// <summary>Sends a signal to one process; false if there is no such process (any more).</summary>
    public static bool Send(int processId, UnixSignal signal) => Kill(processId, (int)signal) == 0;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
