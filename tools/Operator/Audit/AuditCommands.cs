using System.Net;
using System.Text.Json;
using ForgeShop.Client;
using Spectre.Console;

namespace ForgeShop.Operator.Audit;

/// <summary><c>forge audit</c> and <c>forge find</c>: checks that all stores of the running shop agree.</summary>
internal sealed class AuditCommands(RunningShop shop, IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs a sweep and shows its progress; returns 0 if all stores agree, otherwise 1.</summary>
    public Task<int> SweepAsync(bool repair, CancellationToken cancellationToken) => WithClientAsync(async client =>
    {
        var started = await client.SendAsync(HttpMethod.Post, "/api/v1/audit/run", cancellationToken, new { repair });
        if (started.Expect(HttpStatusCode.Accepted, HttpStatusCode.Conflict).Status is HttpStatusCode.Conflict)
            console.MarkupLine("[yellow]a sweep is running; this shows its progress[/]");
        // A file or a pipe shows only the last table.
        var report = console.Profile.Capabilities.Ansi
            ? await console.Live(new Text("")).StartAsync(live => WatchAsync(client, live.UpdateTarget, cancellationToken))
            : await WatchAsync(client, now => _ = now, cancellationToken);
        if (!console.Profile.Capabilities.Ansi)
            console.Write(AuditTable.Progress(report));
        AuditTable.PrintSummary(console, report);
        return report.GetProperty("state").GetString() == "consistent" ? 0 : 1;
    });

    private async Task<JsonElement> WatchAsync(ShopClient client, Action<Table> show, CancellationToken cancellationToken)
    {
        for (; ; await Task.Delay(Poll, time, cancellationToken))
        {
            var now = await client.GetAsync("/api/v1/audit/last", cancellationToken);
            show(AuditTable.Progress(now));
            if (now.GetProperty("state").GetString() != "running")
                return now;
        }
    }

    /// <summary>Compares one entity in every store; returns 0 if they agree, otherwise 1.</summary>
    /// <param name="entityType">The entity type, for example <c>orders</c>.</param>
    /// <param name="key">The natural key: <c>ada@example.com</c>, or <c>field=value</c> for each field of a record.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<int> EntityAsync(string entityType, IReadOnlyList<string> key, CancellationToken cancellationToken) =>
        WithClientAsync(async client =>
        {
            var report = await ReadEntityAsync(client, entityType, key, cancellationToken);
            AuditTable.Print(console, report);
            return report.GetProperty("consistent").GetBoolean() ? 0 : 1;
        });

    /// <summary>Finds everything that carries an entity's ID: rows, documents, notifications, events and traces.</summary>
    public Task<int> FindAsync(IReadOnlyList<string> key, CancellationToken cancellationToken) => WithClientAsync(async client =>
    {
        var report = await ReadEntityAsync(client, TypeOf(key), key, cancellationToken);
        AuditTable.Print(console, report);
        AuditTable.PrintEvents(console, report);
        return report.GetProperty("consistent").GetBoolean() ? 0 : 1;
    });

    private static string TypeOf(IReadOnlyList<string> key)
    {
        if (key is [var plain] && !plain.Contains('=', StringComparison.Ordinal))
            return plain.Contains('@', StringComparison.Ordinal) ? "users" : "products";
        var fields = key.Select(part => part.Split('=')[0]).ToHashSet();
        return fields.SetEquals(["user", "reference"]) ? "orders"
            : fields.SetEquals(["order", "attempt"]) ? "payments"
            : fields.SetEquals(["order", "product"]) ? "order-lines"
            : fields.SetEquals(["user", "notice", "reference"]) ? "notifications"
            : throw new OperatorException(
                "a key is an e-mail address, a SKU, user=... reference=..., order=... attempt=..., order=... product=..., "
                + "or user=... notice=... reference=...");
    }

    private static async Task<JsonElement> ReadEntityAsync(
        ShopClient client, string entityType, IReadOnlyList<string> key, CancellationToken cancellationToken)
    {
        var query = key.Select(part => part.Split('=', 2) is [var field, var value]
            ? $"{Uri.EscapeDataString(field)}={Uri.EscapeDataString(value)}" : $"key={Uri.EscapeDataString(part)}");
        var path = $"/api/v1/audit/{Uri.EscapeDataString(entityType)}?{string.Join('&', query)}";
        var answer = await client.SendAsync(HttpMethod.Get, path, cancellationToken);
        if (answer.Code is not ("validation-failed" or "unknown-entity-type"))
            return answer.Expect(HttpStatusCode.OK).Json;
        var errors = answer.Json.TryGetProperty("errors", out var fields)
            ? string.Concat(fields.EnumerateObject().Select(field => $"; {field.Name}: {field.Value[0].GetString()}")) : "";
        throw new OperatorException($"{answer.Json.GetProperty("detail").GetString()}{errors}");
    }

    private async Task<int> WithClientAsync(Func<ShopClient, Task<int>> command)
    {
        using var http = new HttpClient { BaseAddress = new Uri(shop.Gateway) };
        // Logs in again when the token expires during a long sweep.
        using var client = new ShopClient(http, shop.Admin);
        try
        {
            return await command(client);
        }
        catch (HttpRequestException exception)
        {
            throw new OperatorException($"the shop does not answer: {exception.Message}");
        }
    }
}
