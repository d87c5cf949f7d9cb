using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ForgeShop.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Tests;

/// <summary>Collects the metrics of one service.</summary>
internal sealed class MetricReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> _measured = [];

    public MetricReader(CounterService service)
    {
        var factory = service.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name is MessagingTelemetry.MeterName or IdTracking.MeterName && instrument.Meter.Scope == factory)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public double Sum(string name, params (string Name, object Value)[] tags) => Of(name, tags).Sum();

    public double Max(string name) => Of(name, []).DefaultIfEmpty().Max();

    /// <summary>Returns the present value of a gauge; NaN if it has none.</summary>
    public double Gauge(string name, params (string Name, object Value)[] tags)
    {
        _listener.RecordObservableInstruments();
        return Of(name, tags).LastOrDefault(double.NaN);
    }

    public void Dispose() => _listener.Dispose();

    private IEnumerable<double> Of(string name, (string Name, object Value)[] tags) => _measured
        .Where(measured => measured.Name == name && tags.All(tag => Equals(measured.Tags.GetValueOrDefault(tag.Name), tag.Value)))
        .Select(measured => measured.Value);

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary()));
}
