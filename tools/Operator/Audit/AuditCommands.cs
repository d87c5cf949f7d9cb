using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Spectre.Console;

namespace ForgeShop.Operator.Audit;

/// <summary><c>forge audit</c> and <c>forge find</c>: checks that all stores of the running shop agree.</summary>
internal sealed class AuditCommands(RunningShop shop, IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>Access tokens are valid for ten minutes; a sweep may take longer.</summary>
    private static readonly TimeSpan LoginInterval = TimeSpan.FromMinutes(5);

    /// <summary>Runs a sweep and shows its progress; returns 0 if all stores agree, otherwise 1.</summary>
    public async Task<int> SweepAsync(bool repair, CancellationToken cancellationToken)
    {
        using var http = await OpenAsync(cancellationToken);
        using var started = await http.PostAsJsonAsync("/api/v1/audit/run", new { repair }, cancellationToken);
        if (started.StatusCode is not (HttpStatusCode.Accepted or HttpStatusCode.Conflict))
            throw new OperatorException(
                $"the shop answered {(int)started.StatusCode} {await started.Content.ReadAsStringAsync(cancellationToken)}");
        if (started.StatusCode is HttpStatusCode.Conflict)
            console.MarkupLine("[yellow]a sweep is running; this shows its progress[/]");
        var report = await console.Live(new Text("")).StartAsync(async live =>
        {
            for (var loggedInAt = time.GetTimestamp(); ; await Task.Delay(Poll, time, cancellationToken))
            {
                if (time.GetElapsedTime(loggedInAt) > LoginInterval)
                {
                    await Login.LogInAsync(http, shop.Admin.Email, shop.Admin.Password, cancellationToken);
                    loggedInAt = time.GetTimestamp();
                }
                var now = await http.GetFromJsonAsync<JsonElement>("/api/v1/audit/last", cancellationToken);
                live.UpdateTarget(AuditTable.Progress(now));
                if (now.GetProperty("state").GetString() != "running")
                    return now;
            }
        });
        AuditTable.PrintSummary(console, report);
        return report.GetProperty("state").GetString() == "consistent" ? 0 : 1;
    }

    /// <summary>Compares one entity in every store; returns 0 if they agree, otherwise 1.</summary>
    /// <param name="entityType">The entity type, for example <c>orders</c>.</param>
    /// <param name="key">The natural key: <c>ada@example.com</c>, or <c>field=value</c> for each field of a record.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<int> EntityAsync(string entityType, IReadOnlyList<string> key, CancellationToken cancellationToken)
    {
        using var http = await OpenAsync(cancellationToken);
        var report = await ReadEntityAsync(http, entityType, key, cancellationToken);
        AuditTable.Print(console, report);
        return report.GetProperty("consistent").GetBoolean() ? 0 : 1;
    }

    /// <summary>Finds everything that carries an entity's ID: rows, documents, events, notifications and traces.</summary>
    public async Task<int> FindAsync(IReadOnlyList<string> key, CancellationToken cancellationToken)
    {
        var entityType = TypeOf(key);
        using var http = await OpenAsync(cancellationToken);
        var report = await ReadEntityAsync(http, entityType, key, cancellationToken);
        AuditTable.Print(console, report);
        if (entityType == "orders")
        {
            var order = report.GetProperty("expectedId").GetString();
            using var timeline = await http.GetAsync($"/api/v1/reports/orders/{order}/timeline", cancellationToken);
            if (timeline.IsSuccessStatusCode)
                AuditTable.PrintEvents(console, await timeline.Content.ReadFromJsonAsync<JsonElement>(cancellationToken));
        }
        return report.GetProperty("consistent").GetBoolean() ? 0 : 1;
    }

    private static string TypeOf(IReadOnlyList<string> key)
    {
        var fields = key.Select(part => part.Split('=')[0]).ToHashSet();
        return key is [var plain] && !plain.Contains('=', StringComparison.Ordinal)
            ? plain.Contains('@', StringComparison.Ordinal) ? "users" : "products"
            : fields.SetEquals(["user", "reference"]) ? "orders"
            : fields.SetEquals(["order", "attempt"]) ? "payments"
            : fields.SetEquals(["user", "notice", "reference"]) ? "notifications"
            : throw new OperatorException(
                "a key is an e-mail address, a SKU, user=... reference=..., order=... attempt=..., or user=... notice=... reference=...");
    }

    private async Task<JsonElement> ReadEntityAsync(
        HttpClient http, string entityType, IReadOnlyList<string> key, CancellationToken cancellationToken)
    {
        var query = key.Select(part => part.Split('=', 2) is [var field, var value]
            ? $"{Uri.EscapeDataString(field)}={Uri.EscapeDataString(value)}" : $"key={Uri.EscapeDataString(part)}");
        using var answer = await http.GetAsync(
            $"/api/v1/audit/{Uri.EscapeDataString(entityType)}?{string.Join('&', query)}", cancellationToken);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        if (answer.IsSuccessStatusCode)
            return body;
        var errors = body.TryGetProperty("errors", out var fields)
            ? string.Concat(fields.EnumerateObject().Select(field => $"; {field.Name}: {field.Value[0].GetString()}")) : "";
        throw new OperatorException($"{body.GetProperty("detail").GetString()}{errors}");
    }

    private async Task<HttpClient> OpenAsync(CancellationToken cancellationToken)
    {
        var http = new HttpClient { BaseAddress = new Uri(shop.Gateway) };
        try
        {
            await Login.LogInAsync(http, shop.Admin.Email, shop.Admin.Password, cancellationToken);
            return http;
        }
        catch (HttpRequestException exception)
        {
            http.Dispose();
            throw new OperatorException($"the shop does not answer: {exception.Message}");
        }
    }
}
