using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace ForgeShop.Services.Tests;

/// <summary>An answer with its body.</summary>
public sealed record Answer(HttpStatusCode Status, JsonElement Body, HttpResponseMessage Message)
{
    public string? Location => Message.Headers.Location?.OriginalString;

    public string Text(string member) => Body.GetProperty(member).GetString()!;

    public override string ToString() => $"{(int)Status} {Body}";

    /// <summary>The stable code of a problem.</summary>
    public string Code => Text("code");

    /// <summary>The fields with validation errors.</summary>
    public IEnumerable<string> Fields => Body.GetProperty("errors").EnumerateObject().Select(error => error.Name);

    public void ShouldBe(HttpStatusCode status) => Status.ShouldBe(status, Body.ToString());

    public void ShouldBeProblem(HttpStatusCode status, string code)
    {
        ShouldBe(status);
        Message.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        Code.ShouldBe(code);
        Body.GetProperty("status").GetInt32().ShouldBe((int)status);
        Text("title").ShouldNotBeNullOrEmpty();
        Text("traceId").ShouldNotBeNullOrEmpty();
    }
}

public static class Api
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<Answer> Get(this HttpClient http, string path) => http.Send(HttpMethod.Get, path, null);

    public static Task<Answer> Post(this HttpClient http, string path, object body) =>
        http.Send(HttpMethod.Post, path, JsonContent.Create(body));

    public static Task<Answer> Put(this HttpClient http, string path, object body) =>
        http.Send(HttpMethod.Put, path, JsonContent.Create(body));

    /// <summary>Replaces an existing resource, whatever its state.</summary>
    public static Task<Answer> PutOver(this HttpClient http, string path, object body) =>
        http.Send(HttpMethod.Put, path, JsonContent.Create(body), ("If-Match", "*"));

    public static Task<Answer> Patch(this HttpClient http, string path, object body) =>
        http.Send(HttpMethod.Patch, path, JsonContent.Create(body));

    /// <summary>Sends a body unchanged, valid or not.</summary>
    public static Task<Answer> SendJson(
        this HttpClient http, HttpMethod method, string path, string json, params (string Name, string Value)[] headers) =>
        http.Send(method, path, new StringContent(json, Encoding.UTF8, "application/json"), headers);

    public static async Task<Answer> Send(
        this HttpClient http, HttpMethod method, string path, HttpContent? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var message = await http.SendAsync(request, Cancellation);
        var text = await message.Content.ReadAsStringAsync(Cancellation);
        return new Answer(message.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text), message);
    }
}
