using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Contracts;

/// <summary>
/// Publishes the numbers of derived and mismatched IDs as metrics, and reports each mismatch: an ID that is not the one of its natural key.
/// The service is the <c>service.name</c> of the exported telemetry.
/// </summary>
public sealed partial class IdTracking
{
    public const string MeterName = "ForgeShop.Ids";
    public const string EntityTypeTag = "forge.entity_type";

    private const int MinLogKeyBytes = 16;

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly byte[] _logKey;
    private readonly Meter _meter;
    private long _latestMismatch;

    /// <param name="configuration">
    /// <c>Forge:LogKey</c> is the key of the hashes in the log, at least 16 bytes of UTF-8. Services with the same key log the same hash
    /// for the same natural key. Without it each process has a random key. A hash without a secret key would reveal guessed addresses.
    /// </param>
    /// <exception cref="ForgeConfigurationException">The key is too short.</exception>
    public IdTracking(IMeterFactory meters, IConfiguration configuration, TimeProvider time, ILogger<IdTracking> logger)
    {
        (_time, _logger, _meter) = (time, logger, meters.Create(MeterName));
        _logKey = configuration["Forge:LogKey"] is { } key ? Encoding.UTF8.GetBytes(key) : RandomNumberGenerator.GetBytes(32);
        if (_logKey.Length < MinLogKeyBytes)
            throw new ForgeConfigurationException(
                $"Forge:LogKey has {_logKey.Length} bytes of UTF-8; at least {MinLogKeyBytes} are needed.");
    }

    /// <summary>Gets the time of the latest mismatch; null if there was none since the start.</summary>
    public DateTimeOffset? LatestMismatchAt =>
        Interlocked.Read(ref _latestMismatch) is var ticks and > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    internal void Publish(IReadOnlyCollection<CountedNamespace> types)
    {
        _meter.CreateObservableCounter(
            "forge.ids.derived", () => Measure(types, type => type.Derived), "{id}", "IDs derived from natural keys.");
        _meter.CreateObservableCounter(
            "forge.ids.mismatched", () => Measure(types, type => type.Mismatched), "{id}", "IDs that are not those of their natural keys.");
    }

    /// <param name="name">The canonical form of the natural key; null if Forge refuses the key.</param>
    internal void Report(string entityType, Guid stored, Guid derived, string? name)
    {
        Interlocked.Exchange(ref _latestMismatch, _time.GetUtcNow().UtcTicks);
        if (name is null)
            LogRefused(_logger, entityType, stored);
        else
            LogMismatch(_logger, entityType, stored, derived, Hash(entityType, name));
    }

    /// <summary>Returns the first 16 hexadecimal digits of the HMAC-SHA256 of entity type and key.</summary>
    private string Hash(string entityType, string name) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_logKey, Encoding.UTF8.GetBytes($"{entityType}\n{name}")).AsSpan(0, 8));

    private static IEnumerable<Measurement<long>> Measure(
        IReadOnlyCollection<CountedNamespace> types, Func<CountedNamespace, long> count) =>
        types.Select(type => new Measurement<long>(count(type), new KeyValuePair<string, object?>(EntityTypeTag, type.EntityType)));

    [LoggerMessage(LogLevel.Error, "ID mismatch in {EntityType}: {StoredId} is stored, {DerivedId} is derived (key hash {KeyHash})")]
    private static partial void LogMismatch(ILogger logger, string entityType, Guid storedId, Guid derivedId, string keyHash);

    [LoggerMessage(LogLevel.Error, "ID mismatch in {EntityType}: the natural key of {StoredId} is invalid and has no ID")]
    private static partial void LogRefused(ILogger logger, string entityType, Guid storedId);
}
