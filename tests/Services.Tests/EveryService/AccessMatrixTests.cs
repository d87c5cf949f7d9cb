using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using ForgeShop.ServiceDefaults;
using ForgeShop.TestSupport;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Calls every endpoint of every service, found in the router's data, with every kind of caller that must be refused. An endpoint that is
/// added is in here by itself.
/// </summary>
public sealed partial class AccessMatrixTests(AccessMatrixFixture shop) : IClassFixture<AccessMatrixFixture>
{
    // Endpoints without authentication, each with its reason. A new one must be added here.
    private static readonly string[] Open =
    [
        "GET /health", "GET /alive", // orchestrators probe
        "GET /.well-known/openid-configuration", "GET /.well-known/jwks.json", // for the verification of tokens
        "POST /api/v1/users", "POST /connect/token", "GET /connect/authorize", "POST /connect/authorize", "POST /connect/revoke", // how a client gets and revokes a token
        "GET /api/v1/products", "GET /api/v1/products/{sku}", // the shop window
        "GET /api/v1/ids", "GET /api/v1/ids/{entityType}", // arithmetic
        "GET /openapi/v1.json", // the documentation, which is not served in production
    ];

    // Bodies that would have an effect if they were let through; the others are sent {}.
    private object BodyOf(string call) => call switch
    {
        "POST /api/v1/orders" => new { items = new[] { new { sku = shop.Sku, quantity = 1 } } },
        "PUT /api/v1/products/{sku}" => new { name = "Taken over", price = new { amount = "0.01", currency = "EUR" }, stock = 0 },
        "PATCH /api/v1/products/{sku}" => new { name = "Taken over" },
        "POST /api/v1/products/{sku}/stock" => new { change = -1, reason = "Taken over" },
        "PATCH /api/v1/users/{id}" => new { name = "Taken over" },
        "PUT /api/v1/users/{id}/password" => new { currentPassword = "Correct-Horse-1", newPassword = "Taken-Over-1" },
        _ => new { },
    };

    /// <summary>One endpoint under one of its methods, addressed at what is the victim's.</summary>
    private sealed record Call(string Service, RouteEndpoint Endpoint, string Method, string Route, string Path, HttpClient Http)
    {
        public string Name => $"{Method} {Route}";

        public IReadOnlyList<string> AnyOf => [.. Endpoint.Metadata.GetOrderedMetadata<AuthorizationPolicy>()
            .SelectMany(policy => policy.Requirements).OfType<PermissionRequirement>().SelectMany(requirement => requirement.AnyOf)];

        public bool IsAnonymous => Endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

        public bool IsDeclared => IsAnonymous || Endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null;

        public override string ToString() => $"{Service}: {Name}";
    }

    private List<Call> Calls => [.. shop.Subjects.SelectMany(subject => subject.Endpoints.SelectMany(endpoint => MethodsOf(endpoint).Select(method =>
    {
        var route = "/" + endpoint.RoutePattern.RawText!.Trim('/');
        return new Call(subject.Service, endpoint, method, route, PathTo(route, shop.Victim.ToString(), shop.VictimsOrder.ToString()), subject.Http);
    })))];

    /// <summary>One of these; what the gateway passes on, the service behind it requires.</summary>
    private IReadOnlyList<string> RequiredBy(Call call) =>
        call.Service == "Gateway" ? Calls.Single(behind => behind.Service != "Gateway" && behind.Name == call.Name).AnyOf : call.AnyOf;

    // Without Node.js, nothing stands behind the gateway's route to Recommendations.
    private List<Call> Protected =>
        [.. Calls.Where(call => !call.IsAnonymous && (NodeService.Missing is null || !call.Route.EndsWith("/recommendations", StringComparison.Ordinal)))];

    [Fact]
    public void Every_service_is_in_the_matrix_and_every_endpoint_says_who_may_call_it()
    {
        var services = Directory.GetDirectories(Path.Combine(Repository.Root, "services"))
            .Where(service => Directory.GetFiles(service, "*.csproj").Length > 0 || (NodeService.Missing is null && File.Exists(Path.Combine(service, "package.json"))))
            .Select(Path.GetFileName).Where(service => service != "Migrator");
        shop.Subjects.Select(subject => subject.Service).ShouldBe(services, ignoreOrder: true);

        Calls.Where(call => !call.IsDeclared).ShouldBeEmpty();
        Calls.Where(call => call.IsAnonymous && !Open.Contains(call.Name) && !IsDocumentation(call)).ShouldBeEmpty();
        Calls.Where(call => call.Route.StartsWith("/internal", StringComparison.Ordinal) && !call.IsAnonymous
            && !call.AnyOf.SequenceEqual([call.Route.StartsWith("/internal/audit", StringComparison.Ordinal) ? Permissions.InternalAudit : Permissions.Internal])).ShouldBeEmpty();
        // The gateway asks for a token; which permissions it has to have, the services say.
        Protected.Where(call => call.Service != "Gateway" && call.AnyOf.Count == 0).ShouldBeEmpty();
        Protected.Count.ShouldBeGreaterThan(15);
    }

    [Fact]
    public async Task No_endpoint_takes_a_token_that_is_not_right_in_every_way()
    {
        var tokens = new ForgedTokens(shop.Users.Services, shop.Victim);
        var forged = tokens.All().ToList();
        var before = await shop.FingerprintAsync();
        var wrong = new List<string>();
        foreach (var call in Protected)
        {
            await Check(call, "no token", null, HttpStatusCode.Unauthorized, ["unauthorized"]);
            foreach (var (name, authorization) in forged)
                await Check(call, name, authorization, HttpStatusCode.Unauthorized, name switch { "expired" => ["token-expired"], "another scheme" => ["unauthorized"], _ => ["invalid-token"] });
        }

        wrong.ShouldBeEmpty();
        (await shop.FingerprintAsync()).ShouldBe(before);
        // They differ from this one in one thing each, so it was that thing.
        foreach (var call in Protected.Where(call => call.Method == "GET" && !(call.Service == "Reporting" && call.Route.Contains("{collection}", StringComparison.Ordinal))))
            ((int)await StatusOf(call, tokens.Good)).ShouldBeInRange(200, 400, call.ToString());

        async Task Check(Call call, string name, string? authorization, HttpStatusCode status, string[] codes)
        {
            var answer = await Send(call, call.Path, authorization);
            if (!IsProblem(answer, status, codes) || !answer.Message.Headers.WwwAuthenticate.Any(challenge => challenge.Scheme == "Bearer"))
                wrong.Add($"{call} with {name}: {answer}");
        }
    }

    [Fact]
    public async Task No_endpoint_serves_whoever_lacks_its_permission()
    {
        var all = (string[])[.. Permissions.OfAdministrators, Permissions.Internal, Permissions.InternalAudit];
        var before = await shop.FingerprintAsync();
        var wrong = new List<string>();
        foreach (var call in Protected)
        {
            var anyOf = RequiredBy(call);
            var token = await shop.Users.Tokens!.With(shop.Victim, [.. all.Except(anyOf)]);
            var answer = await Send(call, call.Path, "Bearer " + token);
            if (!IsProblem(answer, HttpStatusCode.Forbidden, ["forbidden"]))
                wrong.Add($"{call} without {string.Join(" or ", anyOf)}: {answer}");
            // Not even the whole of an administrator's token opens what is for services.
            if (call.Route.StartsWith("/internal", StringComparison.Ordinal))
            {
                var administrators = await Send(call, call.Path, "Bearer " + await shop.Users.Tokens!.OfAdministrator());
                if (!IsProblem(administrators, HttpStatusCode.Forbidden, ["forbidden"]))
                    wrong.Add($"{call} by an administrator: {administrators}");
            }
        }

        wrong.ShouldBeEmpty();
        (await shop.FingerprintAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task A_customer_reaches_nothing_of_anothers_and_does_not_learn_whether_it_is_there()
    {
        var token = "Bearer " + await shop.Users.Tokens!.OfCustomer(shop.Attacker);
        var nobody = shop.Ids.User($"nobody-{Guid.NewGuid():N}@example.com");
        var before = await shop.FingerprintAsync();
        var wrong = new List<string>();
        foreach (var call in Protected.Where(call => call.Route.Contains('{')))
        {
            var theirs = await Send(call, call.Path, token);
            if (!IsProblem(theirs, HttpStatusCode.Forbidden, ["forbidden"]) && !(theirs.Status == HttpStatusCode.NotFound && IsProblem(theirs, HttpStatusCode.NotFound, null)))
                wrong.Add($"{call}: {theirs}");
            var nowhere = await Send(call, PathTo(call.Route, nobody.ToString(), shop.Ids.Order(nobody, "none").ToString()), token);
            if (Essence(theirs) != Essence(nowhere))
                wrong.Add($"{call}: {theirs} tells apart from {nowhere}");
        }

        // A customer's report is addressed in the query.
        foreach (var call in Protected.Where(call => call.Name == "GET /api/v1/reports/customers"))
        {
            var theirs = await Send(call, $"{call.Path}?id={shop.Victim}", token);
            if (!IsProblem(theirs, HttpStatusCode.Forbidden, ["forbidden"]))
                wrong.Add($"{call}: {theirs}");
            Essence(await Send(call, $"{call.Path}?id={nobody}", token)).ShouldBe(Essence(theirs));
        }

        wrong.ShouldBeEmpty();
        (await shop.FingerprintAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task A_userId_in_the_query_never_shows_another_users_list()
    {
        var token = "Bearer " + await shop.Users.Tokens!.OfAdministrator();
        var lists = Protected.Where(call => call.Name is "GET /api/v1/orders" or "GET /api/v1/notifications").ToList();

        lists.Count.ShouldBe(4);
        foreach (var call in lists)
        {
            var answer = await Send(call, $"{call.Path}?userId={shop.Victim}", token);
            answer.Body.ToString().ShouldNotContain(shop.Victim.ToString(), customMessage: call.ToString());
        }
    }

    // Scalar's page and its script; likewise.
    private static bool IsDocumentation(Call call) => call.Service == "Gateway" && call.Route.StartsWith("/scalar", StringComparison.Ordinal);

    private static IReadOnlyList<string> MethodsOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"];

    /// <summary>An ID in a path is a user's under /users and an order's anywhere else that there is one.</summary>
    private string PathTo(string route, string user, string order) => Parameter().Replace(route, parameter => parameter.Groups[1].Value switch
    {
        "id" when route.Contains("/users/", StringComparison.Ordinal) => user,
        "id" => order,
        "sku" => shop.Sku,
        "collection" when route.StartsWith("/internal/audit", StringComparison.Ordinal) => "outbox",
        _ => order,
    });

    private Task<Answer> Send(Call call, string path, string? authorization)
    {
        var body = call.Method is "GET" or "DELETE" ? null : JsonContent.Create(BodyOf(call.Name));
        (string, string)[] headers = [("Idempotency-Key", "victims-cart-2")];
        return call.Http.Send(HttpMethod.Parse(call.Method), path, body, authorization is null ? headers : [("Authorization", authorization), .. headers]);
    }

    /// <summary>Of an answer that may go on for as long as the order does.</summary>
    private static async Task<HttpStatusCode> StatusOf(Call call, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(call.Method), call.Path);
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await call.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static bool IsProblem(Answer answer, HttpStatusCode status, string[]? codes) =>
        answer.Status == status
        && answer.Message.Content.Headers.ContentType?.MediaType == "application/problem+json"
        && answer.Body.GetProperty("status").GetInt32() == (int)status
        && (codes is null || codes.Contains(answer.Code));

    /// <summary>All of an answer but what is different in every one.</summary>
    private static string Essence(Answer answer) =>
        $"{(int)answer.Status} {string.Join(' ', answer.Body.ValueKind == JsonValueKind.Object ? answer.Body.EnumerateObject().Where(member => member.Name != "traceId").Select(member => member.ToString()) : [])}";

    [GeneratedRegex(@"\{\*?\*?(\w+)[^}]*\}")]
    private static partial Regex Parameter();
}
