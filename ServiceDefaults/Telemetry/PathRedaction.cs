using System.Diagnostics;
using System.Text.RegularExpressions;
using OpenTelemetry;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>
/// Removes queries from spans, since e-mail addresses belong there, and masks path segments that look like an address or a token.
/// </summary>
internal sealed partial class PathRedaction : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        data.SetTag("url.query", null);
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
