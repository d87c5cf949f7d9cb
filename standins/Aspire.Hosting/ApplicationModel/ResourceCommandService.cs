using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting.ApplicationModel;

public static class KnownResourceCommands
{
    public static readonly string StartCommand = "start";
    public static readonly string StopCommand = "stop";
    public static readonly string RestartCommand = "restart";
}

public sealed class ExecuteCommandResult
{
    public required bool Success { get; init; }

    public bool Canceled { get; init; }

    public string? Message { get; init; }
}

/// <summary>Starts, stops and restarts single resources of a running application.</summary>
public class ResourceCommandService
{
    private readonly Orchestrator orchestrator;

    internal ResourceCommandService(Orchestrator orchestrator) => this.orchestrator = orchestrator;

    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resource.Name, commandName, cancellationToken);

    public async Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        if (orchestrator.Find(resourceId) is not { } supervisor)
            return new ExecuteCommandResult { Success = false, Message = $"Resource '{resourceId}' not found." };

        // The names with a prefix are those of before 13.5; the original still takes them.
        switch (commandName)
        {
            case "start" or "resource-start":
                await supervisor.StartAsync(cancellationToken);
                break;
            case "stop" or "resource-stop":
                await supervisor.StopAsync(cancellationToken: cancellationToken);
                break;
            case "restart" or "resource-restart":
                await supervisor.StopAsync(cancellationToken: cancellationToken);
                await supervisor.StartAsync(cancellationToken);
                break;
            default:
                return new ExecuteCommandResult { Success = false, Message = $"Command '{commandName}' not available for resource '{resourceId}'." };
        }

        return new ExecuteCommandResult { Success = true };
    }
}
