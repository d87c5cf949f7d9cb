using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ForgeShop.ServiceDefaults.Health;

/// <summary>Logs changes of the service's health. The framework would log an error for every probe of a starting service.</summary>
internal sealed partial class HealthLog(ILogger<HealthLog> logger)
{
    private string _last = "";

    public void Write(HealthReport report)
    {
        var ailing = string.Join(
            ", ",
            report.Entries.Where(check => check.Value.Status != HealthStatus.Healthy).Select(check => $"{check.Key} {check.Value.Status}"));
        if (Interlocked.Exchange(ref _last, ailing) == ailing)
            return;
        if (ailing.Length == 0)
            LogHealthy(logger);
        else
            LogAiling(logger, ailing, report.Entries.Values.Select(check => check.Exception).FirstOrDefault(error => error is not null));
    }

    [LoggerMessage(LogLevel.Information, "Service healthy again")]
    private static partial void LogHealthy(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "Service not healthy: {Checks}")]
    private static partial void LogAiling(ILogger logger, string checks, Exception? exception);
}
