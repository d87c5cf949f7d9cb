using System.Text.RegularExpressions;
using OpenTelemetry;

namespace ForgeShop.ServiceDefaults;

/// <summary>Adds the correlation ID, drops the spans of polling, names query spans, and removes personal data.</summary>
internal sealed partial class SpanRules : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (data.GetBaggageItem(CorrelationNames.Baggage) is { } correlation)
            data.SetTag(CorrelationNames.SpanAttribute, correlation);
        // Queries outside of a request, message or migration. Each would start a trace of its own, one a second from every service.
        if (data.ParentId is null && data.Source.Name is "Npgsql" or "OpenTelemetry.Instrumentation.StackExchangeRedis")
        {
            data.IsAllDataRequested = false;
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }

    public override void OnEnd(Activity data)
    {
        // A query can contain e-mail addresses. In a path, a segment that looks like an address or a token is masked.
        data.SetTag("url.query", null);
        Redact(data, "url.path");
        Redact(data, "url.full");
        // "INSERT orders". Npgsql names every query span "postgresql".
        if (data.Source.Name == "Npgsql" && data.GetTagItem("db.namespace") is string database
            && data.GetTagItem("db.query.text") is string query && Verb().Match(query) is { Success: true } verb)
            data.DisplayName = $"{verb.Value.ToUpperInvariant()} {database}";
    }

    private static void Redact(Activity span, string tag)
    {
        if (span.GetTagItem(tag) is string value && Personal().IsMatch(value))
            span.SetTag(tag, Personal().Replace(value, "*"));
    }

    [GeneratedRegex("[^/?]*(@|%40|eyJ[0-9A-Za-z_-]{10})[^/?]*", RegexOptions.IgnoreCase)]
    private static partial Regex Personal();

    [GeneratedRegex(@"(?<=^\s*)[A-Za-z]{1,16}\b")]
    private static partial Regex Verb();
}
