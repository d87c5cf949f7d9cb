using System.Net;
using System.Text;
using System.Text.Json;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Services.Tests;

public sealed partial class AccessMatrixTests
{
    // Where one may list what is somebody else's by userId, and with which permission.
    private static readonly Dictionary<string, string> LetsNameOthers = new() { ["GET /api/v1/orders"] = Permissions.OrdersRead };

    [Fact]
    public async Task A_userId_that_is_not_the_callers_is_refused_wherever_it_stands()
    {
        // Somebody who may do everything, with what is their own: nothing else is wrong with these requests.
        var token = "Bearer " + await shop.Users.Tokens!.With(shop.Victim, [.. Permissions.OfAdministrators]);
        var calls = Protected.Where(call => !RequiredBy(call).Contains(Permissions.Internal)).ToList();
        var before = await shop.FingerprintAsync();
        var wrong = new List<string>();
        foreach (var call in calls)
        {
            foreach (var other in new[] { shop.Attacker.ToString(), "nobody", "" })
            {
                if (!LetsNameOthers.TryGetValue(call.Name, out var permission))
                    await Refused(call, $"?userId={other}", token, null);
                else
                    await Refused(call, $"?userId={other}", "Bearer " + await shop.Users.Tokens!.With(shop.Victim, [.. Permissions.OfAdministrators.Except([permission])]), null);
                if (call.Method is not ("GET" or "DELETE"))
                    await Refused(call, "", token, JsonSerializer.Serialize(other));
            }

            if (call.Method is not ("GET" or "DELETE"))
                await Refused(call, "", token, """ "\ud800" """);

            await Refused(call, $"?userId={shop.Victim}&USERID={shop.Attacker}", token, null);
        }

        wrong.ShouldBeEmpty();
        (await shop.FingerprintAsync()).ShouldBe(before);
        // It was the name: one's own changes nothing.
        foreach (var call in calls.Where(call => call.Method == "GET"))
        {
            var bare = token["Bearer ".Length..];
            (await StatusOf(call with { Path = $"{call.Path}?userId={shop.Victim}" }, bare)).ShouldBe(await StatusOf(call, bare), call.ToString());
        }

        foreach (var call in calls.Where(call => LetsNameOthers.ContainsKey(call.Name)))
            (await Send(call, $"{call.Path}?userId={shop.Attacker}", token)).Body.GetProperty("items").GetArrayLength().ShouldBe(0, call.ToString());
        (calls.Count(call => LetsNameOthers.ContainsKey(call.Name))).ShouldBe(2 * LetsNameOthers.Count);

        async Task Refused(Call call, string query, string authorization, string? inBody)
        {
            StringContent? body = null;
            if (call.Method is not ("GET" or "DELETE"))
            {
                var fields = JsonSerializer.SerializeToNode(BodyOf(call.Name))!.AsObject();
                // As text: half a character is no value that a serializer would write.
                if (inBody is not null)
                    fields["userId"] = "?";
                body = new(fields.ToJsonString().Replace("\"userId\":\"?\"", $"\"userId\":{inBody}", StringComparison.Ordinal), Encoding.UTF8, "application/json");
            }

            var answer = await call.Http.Send(HttpMethod.Parse(call.Method), call.Path + query, body, ("Authorization", authorization), ("Idempotency-Key", "victims-cart-3"));
            if (!IsProblem(answer, HttpStatusCode.Forbidden, ["forbidden"]))
                wrong.Add($"{call}{query} {inBody}: {answer}");
        }
    }
}
