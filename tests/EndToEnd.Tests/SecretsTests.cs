using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ForgeShop.Client;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>
/// Runs after all the others (<see cref="LastTests"/>), and searches what the shop wrote during all of them: its consoles, its traces,
/// metrics and logs as a dashboard gets them, and the errors that it answers here.
/// </summary>
public sealed class SecretsTests(ShopFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logs_traces_and_messages_contain_no_password_token_or_address()
    {
        var email = $"secrets-{Guid.NewGuid():N}@example.com";
        const string wrong = "Mistyped-Horse-7";
        await fixture.Register(email, "Ada Lovelace", Cancellation);
        var login = await Json(await Send(HttpMethod.Post, "/connect/token", ShopClient.LoginForm(new(email, ShopSteps.Password)), null));
        var (access, refresh) = (login.GetProperty("access_token").GetString()!, login.GetProperty("refresh_token").GetString()!);
        (await Refresh(refresh)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // Secrets in wrong fields, and errors in requests that contain a secret.
        HttpResponseMessage[] refused =
        [
            await Send(HttpMethod.Post, "/connect/token", ShopClient.LoginForm(new(email, wrong)), null),
            await Send(HttpMethod.Post, "/connect/token", Form(("grant_type", "nonsense"), ("username", email), ("password", wrong)), null),
            await Send(HttpMethod.Get, $"/connect/authorize?client_id=shop&login_hint={email}&redirect_uri=https://{email}", null),
            await Send(HttpMethod.Post, "/api/v1/users", new { email, name = "Ada", password = ShopSteps.Password }),
            await Send(HttpMethod.Post, "/api/v1/users", new { email = "not " + email, name = "A", password = "Short1a" }),
            await SendText(HttpMethod.Post, "/connect/token", $$"""{"email":"{{email}}","password":"{{wrong}}" """),
            await SendText(HttpMethod.Post, "/api/v1/users", $$"""{"email":["{{email}}"],"password":{"{{wrong}}":1} }"""),
            await Send(HttpMethod.Get, $"/api/v1/users/{Uri.EscapeDataString(email)}", null, access),
            await Send(HttpMethod.Get, $"/api/v1/orders/{access}?access_token={access}", null, access),
            await Send(HttpMethod.Get, $"/api/v1/nothing/{email}?password={wrong}", null),
            await Send(HttpMethod.Get, $"/api/v1/reports/customers?email={Uri.EscapeDataString("other-" + email)}", null, access),
            await Send(HttpMethod.Get, $"/api/v1/users/me?email={email}", null, access[..^6]),
            await Send(HttpMethod.Put, $"/api/v1/users/{fixture.Ids.User(email)}/password",
                new { currentPassword = wrong, newPassword = "Quite-Another-9" }, access),
            await Send(HttpMethod.Post, "/connect/revoke", Form(("token", refresh), ("client_secret", wrong)), null),
            // Last: after the leeway it ends the session, and Users logs that.
            await Eventually.Get(
                "the used refresh token is refused", _ => Refresh(refresh), answer => answer.StatusCode == HttpStatusCode.BadRequest,
                cancellationToken: Cancellation),
        ];

        refused.ShouldAllBe(answer => (int)answer.StatusCode >= 400);
        var trace = Convert.FromHexString(refused[^1].Headers.GetValues("X-Trace-Id").Single());
        await Eventually.True("the last request's trace has arrived", _ => Task.FromResult(fixture.Telemetry.Contains("traces", trace)),
            cancellationToken: Cancellation);
        await Eventually.True(
            "and its log", _ => Task.FromResult(fixture.Telemetry.Contains("logs", trace)), cancellationToken: Cancellation);
        await Eventually.True(
            "and the metrics of requests", _ =>
                Task.FromResult(fixture.Telemetry.Contains("metrics", "http.server.request.duration"u8)), cancellationToken: Cancellation);
        fixture.Telemetry.Received.Keys.ShouldBe(["traces", "metrics", "logs", "console"], ignoreOrder: true);

        var secrets = new Dictionary<string, string>
        {
            ["a password"] = ShopSteps.Password, ["a wrong password"] = wrong, ["a new password"] = "Quite-Another-9",
            ["an access token's signature"] = access.Split('.')[2],
            ["this e-mail address"] = email, ["the beginning of a token"] = "eyJhbGciOi", ["a refresh token"] = refresh,
            ["an e-mail address"] = "@example.com",
            ["an e-mail address, escaped"] = "%40example.com", ["an administrator's e-mail address"] = "@forgeshop.example",
        };
        foreach (var (name, value) in await fixture.Secrets(Cancellation))
            secrets[name] = value;
        var found = secrets.SelectMany(secret => fixture.Telemetry.Find(secret.Value).Take(3).Select(where => $"{secret.Key} in {where}"))
            .ToList();
        // Error texts may contain an example address; telemetry must not.
        secrets.Remove("an e-mail address");
        foreach (var answer in refused)
        {
            var body = await answer.Content.ReadAsStringAsync(Cancellation);
            found.AddRange(
                secrets.Where(secret => body.Contains(secret.Value, StringComparison.Ordinal)).Select(secret => $"{secret.Key} in {body}"));
        }

        found.ShouldBeEmpty();
    }

    private Task<HttpResponseMessage> Send(HttpMethod method, string path, object? body, string? token = null) =>
        Send(method, path, body is null ? null : JsonContent.Create(body), token);

    private Task<HttpResponseMessage> Refresh(string refreshToken) =>
        Send(HttpMethod.Post, "/connect/token", Form(("grant_type", "refresh_token"), ("refresh_token", refreshToken)), null);

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) =>
        new([new("client_id", "shop"), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);

    private Task<HttpResponseMessage> SendText(HttpMethod method, string path, string body) =>
        Send(method, path, new StringContent(body, Encoding.UTF8, "application/json"), null);

    private async Task<HttpResponseMessage> Send(HttpMethod method, string path, HttpContent? body, string? token)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await fixture.Http.SendAsync(request, Cancellation);
    }

    private static async Task<JsonElement> Json(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancellation));
}
