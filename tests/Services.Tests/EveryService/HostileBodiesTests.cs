using System.Net;
using System.Text.Json.Nodes;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Random damage to valid requests: each is accepted or refused with a problem, never a failure of the
/// service, and a refused request stores nothing. The seed is fixed, so a failure can be repeated.
/// </summary>
public sealed class HostileBodiesTests(ServersFixture servers)
{
    private const int Runs = 200;

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "2147483648", "9223372036854775808", "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud800\"",
        "\"\\u202e\"", "\"ä\"",
        "[]", "{}", "[[]]", "[null]", "\"12.50\"", "\"' or 1=1 --\"", "\"{0}\"", "\"" + new string('x', 5000) + "\"", "NaN", "",
        "\"unterminated", "{\"amount\":\"1\"}",
    ];

    [Fact]
    public async Task Orders_accepts_or_refuses_a_damaged_body_without_a_failure()
    {
        var user = servers.Ids.User($"hostile-{Guid.NewGuid():N}@example.com");
        var good = """{"items":[{"sku":"MUG-FORGE","quantity":2}],"paymentMethod":"sim-ok"}""";
        var accepted = 0;
        await Attack(1, good, async (body, run) =>
        {
            var answer = await servers.Orders.As(user).SendJson(HttpMethod.Post, "/api/v1/orders", body, ("Idempotency-Key", $"run-{run}"));
            accepted += answer.Status == HttpStatusCode.Accepted ? 1 : 0;
            return answer;
        });

        (await servers.Orders.Database.Scalar<long>("select count(*) from orders where user_id = $1", user.Value)).ShouldBe(accepted);
        (await servers.Orders.Database.Scalar<long>(
            "select count(*) from outbox o join orders r on r.id = o.subject where r.user_id = $1 and o.type = 'orders.order-placed'",
            user.Value)).ShouldBe(accepted);
    }

    [Fact]
    public async Task Users_accepts_or_refuses_a_damaged_body_without_a_failure()
    {
        var mark = Guid.NewGuid().ToString("N");
        var accepted = 0;
        await Attack(2, $$"""{"email":"EMAIL","name":"Ada Lovelace","password":"Correct-Horse-1"}""", async (body, run) =>
        {
            var answer = await servers.Users.Http.SendJson(
                HttpMethod.Post, "/api/v1/users", body.Replace("EMAIL", $"{mark}-{run}@example.com"));
            accepted += answer.Status == HttpStatusCode.Created ? 1 : 0;
            return answer;
        });

        (await servers.Users.Database.Scalar<long>("select count(*) from users where email like $1", mark + "-%")).ShouldBe(accepted);
    }

    [Fact]
    public async Task Inventory_accepts_or_refuses_a_damaged_body_without_a_failure()
    {
        var mark = Guid.NewGuid().ToString("N")[..20].ToUpperInvariant();
        var accepted = 0;
        await Attack(3, """{"name":"Test product","price":{"amount":"12.50","currency":"EUR"},"stock":3}""", async (body, run) =>
        {
            var answer = await servers.Inventory.Http.SendJson(HttpMethod.Put, $"/api/v1/products/{mark}-{run}", body);
            accepted += answer.Status == HttpStatusCode.Created ? 1 : 0;
            return answer;
        });

        (await servers.Inventory.Database.Scalar<long>("select count(*) from products where sku like $1", mark + "-%")).ShouldBe(accepted);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "MANY")]
    [InlineData("application/x-www-form-urlencoded", "LONG")]
    [InlineData("application/x-www-form-urlencoded", "%%%=&=&&\0")]
    [InlineData("multipart/form-data", "grant_type=client_credentials")]
    [InlineData("multipart/form-data; boundary=here", "--here\r\nno header")]
    [InlineData("application/json", "{}")]
    public async Task Form_that_requests_no_token_is_refused(string type, string body)
    {
        body = body switch
        {
            "MANY" => string.Join('&', Enumerable.Range(0, 1025).Select(number => $"f{number}=1")),
            "LONG" => new string('x', 3000) + "=1",
            _ => body,
        };
        foreach (var path in new[] { "/connect/token", "/connect/authorize", "/connect/revoke" })
        {
            using var form = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
            form.Headers.TryAddWithoutValidation("Content-Type", type);

            var answer = await servers.Users.Anonymous.Send(HttpMethod.Post, path, form);

            answer.ShouldBe(HttpStatusCode.BadRequest);
            if (body.Length > 1000)
                answer.ShouldBeProblem(HttpStatusCode.BadRequest, "malformed-form");
        }
    }

    private static async Task Attack(int seed, string good, Func<string, int, Task<Answer>> send)
    {
        var random = new Random(seed);
        for (var run = 0; run < Runs; run++)
        {
            var body = random.Next(10) == 0 ? Torn(random, good) : Mutated(random, good);
            var answer = await send(body, run);
            ((int)answer.Status).ShouldBeInRange(200, 499, $"run {run}: {body}\n{answer.Body}");
            if (answer.Status >= HttpStatusCode.BadRequest)
                answer.ShouldBeProblem(answer.Status, answer.Code);
        }
    }

    /// <summary>Cuts the text somewhere, or changes one of its bytes.</summary>
    private static string Torn(Random random, string good)
    {
        var at = random.Next(good.Length);
        return random.Next(2) == 0 ? good[..at] : good[..at] + (char)random.Next(1, 127) + good[(at + 1)..];
    }

    /// <summary>Replaces a value by another one, or removes a member.</summary>
    private static string Mutated(Random random, string good)
    {
        var places = new List<string>();
        Collect(JsonNode.Parse(good)!, places);
        var place = places[random.Next(places.Count)];
        var root = JsonNode.Parse(good)!;
        const string mark = "\"@@HERE@@\"";
        var (node, parent) = Find(root, place);
        if (random.Next(8) == 0 && parent is JsonObject members)
        {
            members.Remove(node!.GetPropertyName());
            return root.ToJsonString();
        }

        if (parent is JsonObject owner)
            owner[node!.GetPropertyName()] = "@@HERE@@";
        else if (parent is JsonArray list)
            list[node!.GetElementIndex()] = "@@HERE@@";
        return root.ToJsonString().Replace(mark, Values[random.Next(Values.Length)]);
    }

    private static void Collect(JsonNode node, List<string> places)
    {
        foreach (var child in node switch { JsonObject o => o.Select(member => member.Value), JsonArray a => a, _ => [] })
        {
            places.Add(child!.GetPath());
            Collect(child, places);
        }
    }

    private static (JsonNode? Node, JsonNode? Parent) Find(JsonNode node, string path)
    {
        if (node.GetPath() == path)
            return (node, node.Parent);
        foreach (var child in node switch { JsonObject o => o.Select(member => member.Value), JsonArray a => a, _ => [] })
        {
            if (Find(child!, path) is { Node: not null } found)
                return found;
        }

        return (null, null);
    }
}
