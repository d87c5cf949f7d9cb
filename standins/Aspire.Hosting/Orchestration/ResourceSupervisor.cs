using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using ForgeShop.StandIns.NativeServers;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>Keeps one resource running: starts it when its dependencies are healthy, reports it when it dies and starts it again.</summary>
internal sealed class ResourceSupervisor(IResource resource, ILauncher launcher, ResourceBoard board, ILogger log, ILogger logger, TimeProvider time)
    : IDisposable
{
    private readonly SemaphoreSlim commands = new(1, 1);
    private CancellationTokenSource stop = new();
    private CancellationToken hurry;
    private Task run = Task.CompletedTask;

    public IResource Resource => resource;

    public ILauncher Launcher => launcher;

    /// <summary>Starts the resource unless it is started; returns before it runs.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await commands.WaitAsync(cancellationToken);
        try
        {
            if (!run.IsCompleted)
                return;
            stop.Dispose();
            stop = new CancellationTokenSource();
            board.Starting(resource, exitCode: null);
            run = Task.Run(() => SuperviseAsync(stop.Token), CancellationToken.None);
        }
        finally
        {
            commands.Release();
        }
    }

    /// <summary>Stops the resource; nothing is left of it afterwards. <paramref name="impatience"/> ends its grace.</summary>
    public async Task StopAsync(CancellationToken impatience = default, CancellationToken cancellationToken = default)
    {
        await commands.WaitAsync(cancellationToken);
        try
        {
            hurry = impatience;
            await stop.CancelAsync();
            await run;
        }
        finally
        {
            commands.Release();
        }
    }

    public void Dispose()
    {
        commands.Dispose();
        stop.Dispose();
    }

    private async Task SuperviseAsync(CancellationToken stopping)
    {
        var backoff = new Backoff(time);
        try
        {
            await board.WaitForDependenciesAsync(resource, stopping);
            while (true)
            {
                var (exitCode, death) = await RunOnceAsync(backoff, stopping);
                if (backoff.Next() is not { } pause)
                {
                    logger.LogError("{Resource} {Death} Given up after too many failures in a row.", resource.Name, death);
                    board.Failed(resource, exitCode);
                    return;
                }

                logger.LogError("{Resource} {Death} Starting it again in {Pause} s.", resource.Name, death, pause.TotalSeconds);
                board.Starting(resource, exitCode);
                await Task.Delay(pause, time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            board.Exited(resource);
        }
        catch (ResourceUnavailableException exception)
        {
            logger.LogWarning("{Message}", exception.Message);
            board.Failed(resource, exitCode: null);
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "{Resource} cannot be run.", resource.Name);
            board.Failed(resource, exitCode: null);
        }
    }

    /// <summary>Runs the resource until it dies; the answer says how. Throws OperationCanceledException after a stop that was asked for.</summary>
    private async Task<(int? ExitCode, string Death)> RunOnceAsync(Backoff backoff, CancellationToken stopping)
    {
        Launched launched;
        try
        {
            launched = await launcher.StartAsync(Print, stopping);
        }
        catch (Exception exception) when (exception is NativeServerException or DistributedApplicationException)
        {
            return (null, $"does not start: {exception.Message}.");
        }

        using (var watch = CancellationTokenSource.CreateLinkedTokenSource(stopping))
        {
            board.Running(resource, launched.Process.Id);
            var health = HealthMonitor.WatchAsync(resource, board, time, backoff.Healthy, watch.Token);
            await Task.WhenAny(launched.Process.Exited, Task.Delay(Timeout.Infinite, watch.Token));
            await watch.CancelAsync();
            await health;
        }

        if (stopping.IsCancellationRequested)
        {
            board.Stopping(resource);
            await launched.StopAsync(hurry);
            await launched.Process.DisposeAsync();
            stopping.ThrowIfCancellationRequested();
        }

        var exitCode = await launched.Process.Exited;
        await launched.StopAsync(CancellationToken.None); // ends what it may have left behind
        var lines = launched.Process.LastLines;
        await launched.Process.DisposeAsync();
        return (exitCode, $"died ({Describe(exitCode)}). Its last lines:{string.Concat(lines.TakeLast(15).Select(line => "\n    " + line))}\n ");
    }

    private void Print(NativeProcessLine line)
    {
        if (line.IsError && resource is ProjectResource) // servers write all of their log there
            log.LogError("{Line}", line.Text);
        else
            log.LogInformation("{Line}", line.Text);
    }

    private static string Describe(int exitCode) => exitCode > 128
        ? string.Create(CultureInfo.InvariantCulture, $"signal {exitCode - 128}")
        : string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}");
}
