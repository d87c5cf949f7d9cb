using System.Globalization;
using System.Net;
using ForgeShop.Client;

namespace ForgeShop.Operator;

/// <summary><c>forge outbox replay</c>: makes a service publish its events again since a time.</summary>
public static class OutboxReplay
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(5);

    /// <param name="shop">The running shop.</param>
    /// <param name="service">The service whose outbox it is.</param>
    /// <param name="since">A time in ISO 8601 (UTC without an offset), or a duration before now: <c>90s</c>, <c>30m</c>, <c>2h</c>,
    /// <c>7d</c>.</param>
    /// <param name="output">Receives the number of events.</param>
    /// <param name="cancellationToken">Cancels the wait, not the replay.</param>
    /// <exception cref="OperatorException">The service is unknown, has no outbox, or refuses.</exception>
    public static async Task<int> RunAsync(
        RunningShop shop, string service, string since, TextWriter output, CancellationToken cancellationToken)
    {
        var start = ParseSince(since, TimeProvider.System.GetUtcNow());
        if (!shop.Services.TryGetValue(service, out var running))
            throw new OperatorException($"there is no service '{service}'; there are {string.Join(", ", shop.Services.Keys.Order())}");
        var query = $"?since={Uri.EscapeDataString(start.ToString("O", CultureInfo.InvariantCulture))}";
        var answer = await SendAsync(shop, new Uri(new Uri(running.Url), "/operations/outbox/replay" + query), cancellationToken);
        if (answer.Status is HttpStatusCode.NotFound)
            throw new OperatorException($"{service} has no outbox");
        var events = answer.Expect(HttpStatusCode.OK, HttpStatusCode.Accepted).Json.GetProperty("events").GetInt64();
        await output.WriteLineAsync($"{service} publishes {events} events since {start.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} again");
        return 0;
    }

    private static async Task<ShopAnswer> SendAsync(RunningShop shop, Uri replay, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(shop.Gateway), Timeout = AnswerTimeout };
        using var client = new ShopClient(http);
        try
        {
            (await client.LogInAsync(shop.Admin, cancellationToken)).Expect(HttpStatusCode.OK);
            return await client.SendAsync(HttpMethod.Post, replay.AbsoluteUri, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new OperatorException($"the shop does not answer: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException(
                $"no answer within {AnswerTimeout.TotalMinutes:0} minutes; a replay that has begun continues to its end");
        }
    }

    public static DateTimeOffset ParseSince(string text, DateTimeOffset now)
    {
        if (text.Length > 1
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            long? seconds = text[^1] switch
            {
                's' => count,
                'm' => count * 60L,
                'h' => count * 3600L,
                'd' => count * 86_400L,
                _ => null,
            };
            if (seconds is { } ago && ago < now.ToUnixTimeSeconds())
                return now.AddSeconds(-ago);
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new OperatorException(
                $"'{text}' is not a time: use the form 2026-11-21T08:00:00Z, or a duration before now such as 90s, 30m, 2h or 7d");
    }
}
