using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts;

namespace ForgeShop.Messaging.Tests;

/// <summary>A counter's event as a message, for tests that do not wait for a relay to publish it, or publish what no relay would.</summary>
internal static class CounterMessage
{
    public static Message<byte[]?, byte[]?> Changed(Guid counter, long sequence) =>
        Of(counter, CounterChanged.Type, sequence, $$"""{"counterId":"{{counter}}","value":{{sequence}},"note":""}""");

    public static Message<byte[]?, byte[]?> Of(Guid counter, string type, long sequence, string? data, string version = "1")
    {
        var message = new Message<byte[]?, byte[]?> { Key = Encoding.UTF8.GetBytes(counter.ToString()), Value = data is null ? null : Encoding.UTF8.GetBytes(data), Headers = [] };
        return message
            .With("ce_specversion", "1.0")
            .With("ce_id", new ForgeIds().Event(counter, type, sequence).ToString())
            .With("ce_type", type)
            .With("ce_source", "/test")
            .With("ce_subject", counter.ToString())
            .With("ce_time", "2026-11-21T00:00:00Z")
            .With("ce_sequence", sequence.ToString(CultureInfo.InvariantCulture))
            .With("ce_dataversion", version);
    }

    public static Message<byte[]?, byte[]?> With(this Message<byte[]?, byte[]?> message, string header, string value)
    {
        message.Headers.Add(header, Encoding.UTF8.GetBytes(value));
        return message;
    }
}
