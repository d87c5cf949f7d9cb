using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>
/// Receives the shop's telemetry and keeps it byte for byte: the OTLP of the dashboard (traces, metrics, logs; texts
/// are unencoded in protobuf), and the lines of the services' consoles.
/// </summary>
public sealed class TelemetrySink : ILoggerProvider, IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Signal, byte[] Bytes)> _received = new();
    private WebApplication? _app;

    public string Address => _app!.Urls.Single();

    public static async Task<TelemetrySink> StartAsync()
    {
        var sink = new TelemetrySink();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Logging.ClearProviders();
        sink._app = builder.Build();
        sink._app.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            sink._received.Enqueue((signal, body.ToArray()));
            return Results.Bytes([], "application/x-protobuf");
        });
        await sink._app.StartAsync();
        return sink;
    }

    /// <summary>The number of items of each kind; a test that searches an empty sink fails.</summary>
    public IReadOnlyDictionary<string, int> Received =>
        _received.GroupBy(part => part.Signal).ToDictionary(part => part.Key, part => part.Sum(some => some.Bytes.Length));

    public bool Contains(string signal, ReadOnlySpan<byte> bytes)
    {
        foreach (var part in _received)
        {
            if (part.Signal == signal && part.Bytes.AsSpan().IndexOf(bytes) >= 0)
                return true;
        }

        return false;
    }

    /// <summary>Returns whether one message of the signal has all of these.</summary>
    public bool ContainsTogether(string signal, params byte[][] parts) =>
        _received.Any(received => received.Signal == signal && parts.All(part => received.Bytes.AsSpan().IndexOf(part) >= 0));

    /// <summary>Returns the position of a text with its surroundings.</summary>
    public IEnumerable<string> Find(string text)
    {
        var wanted = System.Text.Encoding.UTF8.GetBytes(text);
        foreach (var (signal, bytes) in _received)
        {
            var at = bytes.AsSpan().IndexOf(wanted);
            if (at < 0)
                continue;
            var start = Math.Max(0, at - 160);
            yield return $"{signal}: ...{Printable(bytes.AsSpan(start, Math.Min(bytes.Length - start, 320)))}...";
        }
    }

    /// <summary>This process also logs the requests of the tests, which are not part of the shop.</summary>
    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith("System.Net.Http.HttpClient", StringComparison.Ordinal) ? NullLogger.Instance : new Lines(_received);

    public void Dispose()
    {
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = System.Text.Encoding.Latin1.GetString(bytes);
        return string.Concat(text.Select(character => char.IsControl(character) ? '.' : character));
    }

    private sealed class Lines(ConcurrentQueue<(string, byte[])> received) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            received.Enqueue(("console", System.Text.Encoding.UTF8.GetBytes($"{formatter(state, exception)}\n{exception}")));
    }
}
