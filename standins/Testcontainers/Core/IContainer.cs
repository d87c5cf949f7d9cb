namespace DotNet.Testcontainers.Containers;

public interface IContainer : IAsyncDisposable
{
    string Hostname { get; }

    TestcontainersStates State { get; }

    ushort GetMappedPublicPort();

    ushort GetMappedPublicPort(int containerPort);

    ushort GetMappedPublicPort(string containerPort);

    Task StartAsync(CancellationToken ct = default);

    Task StopAsync(CancellationToken ct = default);

    Task PauseAsync(CancellationToken ct = default);

    Task UnpauseAsync(CancellationToken ct = default);
}

public interface IDatabaseContainer : IContainer
{
    string GetConnectionString();
}

[Flags]
public enum TestcontainersStates
{
    Undefined = 0x1,
    Created = 0x2,
    Restarting = 0x4,
    Running = 0x8,
    Paused = 0x10,
    Exited = 0x20,
    Dead = 0x40,
}

public readonly struct ExecResult(string stdout, string stderr, long? exitCode)
{
    public string Stdout { get; } = stdout;

    public string Stderr { get; } = stderr;

    public long? ExitCode { get; } = exitCode;
}
