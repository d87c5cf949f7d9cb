using System.Diagnostics;
using System.Text.RegularExpressions;
using OpenTelemetry;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>E-mail addresses belong in the query, which telemetry leaves out, and tokens in a header. Somebody will put one in a path anyway.</summary>
internal sealed partial class PathRedaction : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        Redact(data, "url.path");
        Redact(data, "url.full");
    }

    private static void Redact(Activity span, string tag)
    {
        if (span.GetTagItem(tag) is string value && Personal().IsMatch(value))
            span.SetTag(tag, Personal().Replace(value, "*"));
    }

    [GeneratedRegex("[^/?]*(@|%40|eyJ[0-9A-Za-z_-]{10})[^/?]*", RegexOptions.IgnoreCase)]
    private static partial Regex Personal();
}
