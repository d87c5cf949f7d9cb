using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace ForgeShop.Operator;

/// <summary>Logs in. All calls except registration and browsing require a token.</summary>
public static class Login
{
    /// <summary>Adds the user's access token, valid for ten minutes, to all further requests of this client.</summary>
    /// <exception cref="OperatorException">The shop refuses the login.</exception>
    public static async Task LogInAsync(HttpClient http, string email, string password, CancellationToken cancellationToken)
    {
        using var form = new FormUrlEncodedContent(
            [new("grant_type", "password"), new("client_id", "shop"), new("username", email), new("password", password)]);
        using var answer = await http.PostAsync(new Uri("/connect/token", UriKind.Relative), form, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new OperatorException(
                $"could not log in: the shop answered {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", body.GetProperty("access_token").GetString());
    }
}
