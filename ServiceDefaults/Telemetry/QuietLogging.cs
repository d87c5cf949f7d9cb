using Microsoft.Extensions.Logging;

namespace ForgeShop.ServiceDefaults.Telemetry;

internal static class QuietLogging
{
    public static void AddQuietLogging(this ILoggingBuilder logging)
    {
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        logging.AddFilter("Npgsql", LogLevel.Warning); // its spans contain the same information
        logging.AddFilter("Polly", LogLevel.Warning);
        logging.AddFilter("StackExchange.Redis", LogLevel.Warning);
        logging.AddFilter("ZiggyCreatures.Caching.Fusion", LogLevel.Warning);

        // These log the whole URL of a request, and queries can contain e-mail addresses. The full category names take precedence over a
        // coarser level in appsettings.json. The first one would also add the path to the scope of every record of a request.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning);
        logging.AddFilter("Yarp.ReverseProxy.Forwarder.HttpForwarder", LogLevel.Warning);

        // These log an error that their caller handles (a duplicate registration, a malformed body, a service that is still starting) or
        // logs itself.
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.DeveloperExceptionPageMiddleware", LogLevel.None);
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        logging.AddFilter("Microsoft.EntityFrameworkCore.Database", LogLevel.None);
        logging.AddFilter("Microsoft.EntityFrameworkCore.Update", LogLevel.None);
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
    }
}
