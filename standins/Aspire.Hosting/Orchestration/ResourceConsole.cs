using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Aspire.Hosting.Orchestration;

/// <summary>One stream for all: every line says which resource it comes from.</summary>
internal sealed class ResourceConsole() : ConsoleFormatter(FormatterName)
{
    private const string FormatterName = "resources";
    private const string ResourceCategory = "Aspire.Hosting.Resources.";
    private const int NameWidth = 14;

    public static string CategoryOf(string resource) => ResourceCategory + resource;

    public static void AddTo(ILoggingBuilder logging) => logging
        .AddConsole(console => console.FormatterName = FormatterName)
        .AddConsoleFormatter<ResourceConsole, ConsoleFormatterOptions>()
        .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning)
        // An application that does not start says so to its caller, who prints it.
        .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical)
        .AddFilter("System.Net.Http.HttpClient", LogLevel.Warning);

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var name = logEntry.Category.StartsWith(ResourceCategory, StringComparison.Ordinal) ? logEntry.Category[ResourceCategory.Length..] : "apphost";
        var text = logEntry.Formatter(logEntry.State, logEntry.Exception) + (logEntry.Exception is null ? null : "\n" + logEntry.Exception);
        foreach (var line in text.Split('\n'))
        {
            textWriter.Write(name.PadRight(NameWidth));
            textWriter.Write(" | ");
            textWriter.WriteLine(line.TrimEnd('\r'));
        }
    }
}
