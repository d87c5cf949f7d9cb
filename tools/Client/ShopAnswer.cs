using System.Net;
using System.Text.Json;

namespace ForgeShop.Client;

/// <summary>An answer of the shop, read to its end.</summary>
/// <param name="Request">Method and address of the request, for messages.</param>
/// <param name="Status">The status.</param>
/// <param name="Body">The body as text.</param>
/// <param name="TraceId">The ID of the trace; null if the answer is not the gateway's.</param>
public sealed record ShopAnswer(string Request, HttpStatusCode Status, string Body, string? TraceId)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    /// <summary>Gets the stable code of a problem; null if the answer is none.</summary>
    public string? Code => Status >= HttpStatusCode.BadRequest && Body.StartsWith('{') && Json.TryGetProperty("code", out var code)
        ? code.GetString()
        : null;

    /// <summary>Returns this answer.</summary>
    /// <exception cref="ShopException">It has none of these statuses.</exception>
    public ShopAnswer Expect(params ReadOnlySpan<HttpStatusCode> statuses) =>
        statuses.Contains(Status) ? this : throw new ShopException(this);

    public override string ToString() => $"{Request} returned {(int)Status} {Body}";

    internal static async Task<ShopAnswer> ReadAsync(
        HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken) => new(
            $"{request.Method} {request.RequestUri?.AbsolutePath}", response.StatusCode,
            await response.Content.ReadAsStringAsync(cancellationToken),
            response.Headers.TryGetValues("X-Trace-Id", out var values) ? values.First() : null);
}

/// <summary>The shop gave another answer than the caller needs.</summary>
public sealed class ShopException(ShopAnswer answer) : Exception(answer.ToString())
{
    public ShopAnswer Answer { get; } = answer;
}
