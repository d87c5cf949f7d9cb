using Microsoft.Extensions.Logging;

namespace ForgeShop.ServiceDefaults.Telemetry;

internal static class QuietLogging
{
    public static void AddQuietLogging(this ILoggingBuilder logging)
    {
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        logging.AddFilter("Npgsql", LogLevel.Warning); // its spans say the same
        logging.AddFilter("Polly", LogLevel.Warning);
        logging.AddFilter("StackExchange.Redis", LogLevel.Warning);
        logging.AddFilter("ZiggyCreatures.Caching.Fusion", LogLevel.Warning);

        // These write the whole URL of a request, and e-mail addresses stand in queries. Named in full, so that a coarser
        // level in somebody's appsettings.json does not bring them back. The first would also put the path into a scope
        // around every record of a request.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning);
        logging.AddFilter("Yarp.ReverseProxy.Forwarder.HttpForwarder", LogLevel.Warning);

        // These log as an error what their caller is about to handle (the second of two identical registrations, a malformed
        // body, a service that is still starting) and what the caller logs itself when it cannot.
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.DeveloperExceptionPageMiddleware", LogLevel.None);
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        logging.AddFilter("Microsoft.EntityFrameworkCore.Database", LogLevel.None);
        logging.AddFilter("Microsoft.EntityFrameworkCore.Update", LogLevel.None);
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
    }
}
