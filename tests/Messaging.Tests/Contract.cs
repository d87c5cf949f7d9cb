using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Tests;

/// <summary>A service over one store; not started.</summary>
public delegate CounterService NewService(
    string name, string database, string kafka, bool consumes, Action<IServiceCollection> replace, IReadOnlyDictionary<string, string> settings);

/// <summary>What the suites that every store passes have in common.</summary>
public abstract class Contract(Servers servers, NewService create)
{
    protected const string Topic = "counter.events";

    /// <summary>For tests that are about what comes after the last attempt.</summary>
    protected static readonly IReadOnlyDictionary<string, string> Impatient = new Dictionary<string, string>
    {
        ["Messaging:MaxHandleAttempts"] = "2",
        ["Messaging:GapTimeout"] = "00:00:01",
    };

    protected Servers Servers => servers;

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Starts a service: on a new database, of a new name, with the shared broker, unless said otherwise.</summary>
    protected async Task<CounterService> StartAsync(
        string? database = null, string? name = null, KafkaServer? kafka = null, bool consumes = true, Action<IServiceCollection>? replace = null,
        IReadOnlyDictionary<string, string>? settings = null)
    {
        var service = create(
            name ?? $"counters-{Guid.NewGuid():N}", database ?? await servers.CreateDatabaseAsync(), (kafka ?? servers.Kafka).BootstrapServers, consumes,
            replace ?? (_ => { }), settings ?? new Dictionary<string, string>());
        await service.StartAsync();
        return service;
    }

    protected static IEnumerable<long> Upto(int count) => Enumerable.Range(1, count).Select(number => (long)number);
}
