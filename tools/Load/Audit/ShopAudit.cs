using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace ForgeShop.Load.Audit;

/// <summary>Runs a sweep of the shop's own audit as its administrator.</summary>
internal sealed class ShopAudit(HttpClient http, Func<CancellationToken, Task<string>> logIn, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>Access tokens are valid for ten minutes.</summary>
    private static readonly TimeSpan LoginInterval = TimeSpan.FromMinutes(5);

    private string? _token;
    private long _loggedInAt;

    /// <summary>Returns the report of a sweep.</summary>
    /// <exception cref="TimeoutException">The sweep did not end in time.</exception>
    public async Task<AuditReport> SweepAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using (var answer = await SendAsync(HttpMethod.Post, "/api/v1/audit/run", cancellationToken))
            answer.EnsureSuccessStatusCode();
        while (time.GetElapsedTime(started) < timeout)
        {
            using var answer = await SendAsync(HttpMethod.Get, "/api/v1/audit/last", cancellationToken);
            answer.EnsureSuccessStatusCode();
            var report = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            if (report.GetProperty("state").GetString() != "running")
                return new(report);
            await Task.Delay(Poll, time, cancellationToken);
        }
        throw new TimeoutException($"The audit did not end within {timeout.TotalMinutes:0} minutes.");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        if (_token is null || time.GetElapsedTime(_loggedInAt) > LoginInterval)
            (_token, _loggedInAt) = (await logIn(cancellationToken), time.GetTimestamp());
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        return await http.SendAsync(request, cancellationToken);
    }
}

/// <summary>The report of a sweep.</summary>
internal sealed record AuditReport(JsonElement Body)
{
    public bool IsConsistent => Body.GetProperty("state").GetString() == "consistent";

    public long Checked => Body.GetProperty("checked").GetInt64();

    public long Wrong => Body.GetProperty("wrong").GetInt64();

    public TimeSpan Duration => Body.GetProperty("finishedAt").GetDateTimeOffset() - Body.GetProperty("startedAt").GetDateTimeOffset();

    /// <summary>Gets the findings as <c>store state id detail</c>.</summary>
    public IEnumerable<string> Findings => Body.GetProperty("findings").EnumerateArray().Select(finding => string.Join(
        ' ', finding.GetProperty("store"), finding.GetProperty("state"), finding.GetProperty("id"), finding.GetProperty("detail")));
}
