using System.Diagnostics;
using OpenTelemetry;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>Names query spans by operation and table ("INSERT orders"). Npgsql names every query span "postgresql".</summary>
internal sealed class QueryNames : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        if (data.Source.Name != "Npgsql" || data.GetTagItem("db.query.text") is not string query
            || data.GetTagItem("db.namespace") is not string database)
            return;
        var text = query.AsSpan().TrimStart();
        var end = text.IndexOfAnyExceptInRange('A', 'z');
        var verb = end < 0 ? text : text[..end];
        if (verb.Length is > 0 and <= 16)
            data.DisplayName = $"{verb.ToString().ToUpperInvariant()} {database}";
    }
}
