namespace ForgeShop.StandIns.NativeServers;

/// <summary>What to start, and how it wants to be treated.</summary>
public sealed record NativeProcessOptions
{
    /// <summary>A path, or a name to look for in PATH and in /usr/sbin, /usr/bin.</summary>
    public required string FileName { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public string? WorkingDirectory { get; init; }

    /// <summary>Added to this process's own environment; a null value removes a variable.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>The user to run as; only root can ask for another one.</summary>
    public UnixUser? RunAs { get; init; }

    /// <summary>The signal that asks for a clean stop; also sent by the kernel if this process dies.</summary>
    public UnixSignal StopSignal { get; init; } = UnixSignal.Terminate;

    /// <summary>Called for every line of stdout and stderr, one at a time.</summary>
    public Action<NativeProcessLine>? OnLine { get; init; }

    /// <summary>How many of the last lines to keep for <see cref="NativeProcess.LastLines"/>.</summary>
    public int KeepLines { get; init; } = 50;
}

/// <summary>One line of a process's output.</summary>
public readonly record struct NativeProcessLine(string Text, bool IsError);
