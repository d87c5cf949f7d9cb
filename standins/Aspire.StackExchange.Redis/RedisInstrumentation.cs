using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// A client span for each Redis command of a traced request, from the client's own profiler: the command's name and the
/// server, never a key or a value.
/// </summary>
internal sealed class RedisInstrumentation : IProfiler, IDisposable
{
    public const string SourceName = "OpenTelemetry.Instrumentation.StackExchangeRedis";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<Activity, Lazy<object>> _profiles = new();
    private ConnectionMultiplexer? _connection;
    private ITimer? _timer;

    public void Observe(ConnectionMultiplexer connection)
    {
        _connection = connection;
        connection.RegisterProfiler(this);
        _timer = TimeProvider.System.CreateTimer(_ => Drain(everything: false), null, Interval, Interval);
    }

    /// <summary>Asked by the client for each command: commands that share a context are handed out together.</summary>
    public object? GetContext()
    {
        if (Activity.Current is not { Recorded: true, IsStopped: false } parent || _connection is not { } connection)
            return null;
        return _profiles.GetOrAdd(parent, static (_, connection) => new Lazy<object>(() =>
        {
            var profile = new object();
            connection.BeginProfiling(profile);
            return profile;
        }), connection).Value;
    }

    public void Dispose()
    {
        _timer?.Dispose();
        Drain(everything: true);
    }

    private void Drain(bool everything)
    {
        foreach (var (parent, profile) in _profiles)
        {
            // A long-lived parent is emptied now and then and begins anew with its next command.
            var old = parent.StartTimeUtc < TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(-30);
            if ((everything || parent.IsStopped || old) && _profiles.TryRemove(new(parent, profile)))
            {
                foreach (var command in _connection!.FinishProfiling(profile.Value, allowCleanupSweep: false))
                    Record(command, parent);
            }
        }
    }

    private static void Record(IProfiledCommand command, Activity parent)
    {
        var (address, port) = command.EndPoint switch
        {
            DnsEndPoint dns => (dns.Host, dns.Port),
            IPEndPoint ip => (ip.Address.ToString(), ip.Port),
            _ => (null, 0),
        };
        KeyValuePair<string, object?>[] tags =
        [
            new("db.system.name", "redis"),
            new("db.operation.name", command.Command),
            new("db.namespace", command.Db.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            new("server.address", address),
            new("server.port", port),
        ];
        var started = DateTime.SpecifyKind(command.CommandCreated, DateTimeKind.Utc);
        using var span = Source.StartActivity(command.Command, ActivityKind.Client, parent.Context, tags, startTime: started);
        span?.SetEndTime(started + command.ElapsedTime);
    }
}
