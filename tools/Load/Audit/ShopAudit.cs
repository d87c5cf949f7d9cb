using System.Net;
using System.Text.Json;
using ForgeShop.Client;

namespace ForgeShop.Load.Audit;

/// <summary>Runs a sweep of the shop's own audit as its administrator.</summary>
internal static class ShopAudit
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>Returns the report of a sweep.</summary>
    /// <exception cref="TimeoutException">The sweep did not end in time.</exception>
    public static async Task<AuditReport> SweepAsync(
        ShopClient administrator, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        (await administrator.SendAsync(HttpMethod.Post, "/api/v1/audit/run", cancellationToken, new { })).Expect(HttpStatusCode.Accepted);
        while (time.GetElapsedTime(started) < timeout)
        {
            var report = await administrator.GetAsync("/api/v1/audit/last", cancellationToken);
            if (report.GetProperty("state").GetString() != "running")
                return new(report);
            await Task.Delay(Poll, time, cancellationToken);
        }
        throw new TimeoutException($"The audit did not end within {timeout.TotalMinutes:0} minutes.");
    }
}

/// <summary>The report of a sweep.</summary>
internal sealed record AuditReport(JsonElement Body)
{
    public long Checked => Body.GetProperty("checked").GetInt64();

    public TimeSpan Duration => Body.GetProperty("finishedAt").GetDateTimeOffset() - Body.GetProperty("startedAt").GetDateTimeOffset();

    public long Wrong => Body.GetProperty("wrong").GetInt64();

    /// <summary>Gets the findings as <c>store state id detail</c>.</summary>
    public IEnumerable<string> Findings => Body.GetProperty("findings").EnumerateArray().Select(finding => string.Join(
        ' ', finding.GetProperty("store"), finding.GetProperty("state"), finding.GetProperty("id"), finding.GetProperty("detail")));
}
