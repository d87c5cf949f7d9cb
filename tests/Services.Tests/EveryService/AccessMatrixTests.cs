using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using ForgeShop.Api;
using ForgeShop.TestSupport;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Calls every endpoint of every service with every kind of caller that must be refused. Endpoints come from the router's data, so a new
/// endpoint is included.
/// </summary>
public sealed partial class AccessMatrixTests(AccessMatrixFixture shop) : IClassFixture<AccessMatrixFixture>
{
    // Endpoints without authentication, each with its reason. A new one must be added here.
    private static readonly string[] Open =
    [
        "GET /health", "GET /alive", // orchestrators probe
        "GET /.well-known/openid-configuration", "GET /.well-known/jwks.json", // for the verification of tokens
        // how a client gets and revokes a token
        "POST /api/v1/users", "POST /connect/token", "GET /connect/authorize", "POST /connect/authorize", "POST /connect/revoke",
        "GET /api/v1/products", "GET /api/v1/products/{sku}", // the shop window
        "GET /api/v1/ids", "GET /api/v1/ids/{entityType}", // arithmetic
        "GET /openapi/v1.json", // the documentation, which is not served in production
    ];

    // Bodies that would have an effect if they were accepted; the others get {}.
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

    /// <summary>An endpoint with one of its methods, addressed to a resource of the victim.</summary>
    private sealed record Call(string Service, RouteEndpoint Endpoint, string Method, string Route, string Path, HttpClient Http)
    {
        public string Name => $"{Method} {Route}";

        public IReadOnlyList<string> AnyOf => [.. Endpoint.Metadata.GetOrderedMetadata<AuthorizationPolicy>()
            .SelectMany(policy => policy.Requirements).OfType<PermissionRequirement>().SelectMany(requirement => requirement.AnyOf)];

        public bool IsAnonymous => Endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

        public bool IsDeclared => IsAnonymous || Endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null;

        public override string ToString() => $"{Service}: {Name}";
    }

    private List<Call> Calls =>
        [.. shop.Subjects.SelectMany(subject => subject.Endpoints.SelectMany(endpoint => MethodsOf(endpoint).Select(method =>
    {
        var route = "/" + endpoint.RoutePattern.RawText!.Trim('/');
        return new Call(
            subject.Service, endpoint, method, route, PathTo(route, shop.Victim.ToString(), shop.VictimsOrder.ToString()), subject.Http);
    })))];

    /// <summary>One of these permissions. The gateway leaves the check to the service behind it.</summary>
    private IReadOnlyList<string> RequiredBy(Call call) =>
        call.Service == "Gateway" ? Calls.Single(behind => behind.Service != "Gateway" && behind.Name == call.Name).AnyOf : call.AnyOf;

    // Without Node.js, no service is behind the gateway's route to Recommendations.
    private List<Call> Protected =>
        [.. Calls.Where(call => !call.IsAnonymous
            && (NodeService.Missing is null || !call.Route.EndsWith("/recommendations", StringComparison.Ordinal)))];

    [Fact]
    public void Endpoint_of_every_service_declares_its_callers()
    {
        var services = Directory.GetDirectories(Path.Combine(Repository.Root, "services"))
            .Where(service => Directory.GetFiles(service, "*.csproj").Length > 0
                || (NodeService.Missing is null && File.Exists(Path.Combine(service, "package.json"))))
            .Select(Path.GetFileName).Where(service => service != "Migrator");
        shop.Subjects.Select(subject => subject.Service).ShouldBe(services, ignoreOrder: true);

        Calls.Where(call => !call.IsDeclared).ShouldBeEmpty();
        Calls.Where(call => call.IsAnonymous && !Open.Contains(call.Name) && !IsDocumentation(call)).ShouldBeEmpty();
        Calls.Where(call => call.Route.StartsWith("/internal", StringComparison.Ordinal) && !call.IsAnonymous
            && !call.AnyOf.SequenceEqual(
                [call.Route.StartsWith("/internal/audit", StringComparison.Ordinal) ? Permissions.InternalAudit : Permissions.Internal]))
                .ShouldBeEmpty();
        // The gateway requires a token; the services check its permissions.
        Protected.Where(call => call.Service != "Gateway" && call.AnyOf.Count == 0).ShouldBeEmpty();
        Protected.Count.ShouldBeGreaterThan(15);
    }

    [Fact]
    public async Task Forged_token_returns_401_at_every_endpoint()
    {
        var tokens = new ForgedTokens(shop.Users.Services, shop.Victim);
        var forged = tokens.All().ToList();
        var before = await shop.FingerprintAsync();
        var wrong = new List<string>();
        foreach (var call in Protected)
        {
            await Check(call, "no token", null, HttpStatusCode.Unauthorized, ["unauthorized"]);
            foreach (var (name, authorization) in forged)
                await Check(call, name, authorization, HttpStatusCode.Unauthorized,
                    name switch { "expired" => ["token-expired"], "another scheme" => ["unauthorized"], _ => ["invalid-token"] });
        }

        wrong.ShouldBeEmpty();
        (await shop.FingerprintAsync()).ShouldBe(before);
        // The others differ from this token in one property each, so that property is the cause.
        foreach (
            var call in Protected.Where(call => call.Method == "GET"
            && !(call.Service == "Reporting" && call.Route.Contains("{collection}", StringComparison.Ordinal))))
            ((int)await StatusOf(call, tokens.Good)).ShouldBeInRange(200, 400, call.ToString());

        async Task Check(Call call, string name, string? authorization, HttpStatusCode status, string[] codes)
        {
            var answer = await Send(call, call.Path, authorization);
            if (!IsProblem(answer, status, codes) || !answer.Message.Headers.WwwAuthenticate.Any(challenge => challenge.Scheme == "Bearer"))
                wrong.Add($"{call} with {name}: {answer}");
        }
    }

    [Fact]
    public async Task Caller_without_the_permission_gets_403_at_every_endpoint()
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
            // An administrator's token does not open the endpoints for services.
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
    public async Task Customer_gets_the_answer_of_an_unknown_resource_for_another_users()
    {
        var token = "Bearer " + await shop.Users.Tokens!.OfCustomer(shop.Attacker);
        var unknown = shop.Ids.User($"unknown-{Guid.NewGuid():N}@example.com");
        var before = await shop.FingerprintAsync();
        var wrong = new List<string>();
        // What was bought together belongs to a product, and no user owns that.
        foreach (var call in Protected.Where(call =>
            call.Route.Contains('{') && !call.Route.EndsWith("/recommendations", StringComparison.Ordinal)))
        {
            var theirs = await Send(call, call.Path, token);
            if (!IsProblem(theirs, HttpStatusCode.Forbidden, ["forbidden"])
                && !(theirs.Status == HttpStatusCode.NotFound && IsProblem(theirs, HttpStatusCode.NotFound, null)))
                wrong.Add($"{call}: {theirs}");
            var nowhere = await Send(call, PathTo(call.Route, unknown.ToString(), shop.Ids.Order(unknown, "none").ToString()), token);
            if (Essence(theirs) != Essence(nowhere))
                wrong.Add($"{call}: {theirs} tells apart from {nowhere}");
        }

        // A customer's report is addressed in the query.
        foreach (var call in Protected.Where(call => call.Name == "GET /api/v1/reports/customers"))
        {
            var theirs = await Send(call, $"{call.Path}?id={shop.Victim}", token);
            if (!IsProblem(theirs, HttpStatusCode.Forbidden, ["forbidden"]))
                wrong.Add($"{call}: {theirs}");
            Essence(await Send(call, $"{call.Path}?id={unknown}", token)).ShouldBe(Essence(theirs));
        }

        wrong.ShouldBeEmpty();
        (await shop.FingerprintAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task UserId_in_the_query_is_ignored()
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

    // Scalar's page and its script.
    private static bool IsDocumentation(Call call) =>
        call.Service == "Gateway" && call.Route.StartsWith("/scalar", StringComparison.Ordinal);

    private static IReadOnlyList<string> MethodsOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"];

    /// <summary>An ID in a path is a user's under /users and an order's elsewhere.</summary>
    private string PathTo(string route, string user, string order) =>
        Parameter().Replace(route, parameter => parameter.Groups[1].Value switch
    {
        "id" when route.Contains("/users/", StringComparison.Ordinal) => user,
        "id" => order,
        "sku" => shop.Sku,
        "entityType" => "orders",
        "collection" when route.StartsWith("/internal/audit", StringComparison.Ordinal) => "outbox",
        _ => order,
    });

    private Task<Answer> Send(Call call, string path, string? authorization)
    {
        var body = call.Method is "GET" or "DELETE" ? null : JsonContent.Create(BodyOf(call.Name));
        (string, string)[] headers = [("Idempotency-Key", "victims-cart-2")];
        return call.Http.Send(
            HttpMethod.Parse(call.Method), path, body, authorization is null ? headers : [("Authorization", authorization), .. headers]);
    }

    /// <summary>Reads the head of an answer that may be a stream.</summary>
    private static async Task<HttpStatusCode> StatusOf(Call call, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(call.Method), call.Path);
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await call.Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static bool IsProblem(Answer answer, HttpStatusCode status, string[]? codes) =>
        answer.Status == status
        && answer.Message.Content.Headers.ContentType?.MediaType == "application/problem+json"
        && answer.Body.GetProperty("status").GetInt32() == (int)status
        && (codes is null || codes.Contains(answer.Code));

    /// <summary>Returns an answer without the parts that differ in every answer.</summary>
    private static string Essence(Answer answer)
    {
        var members = answer.Body.ValueKind == JsonValueKind.Object
            ? answer.Body.EnumerateObject().Where(member => member.Name != "traceId").Select(member => member.ToString()) : [];
        return $"{(int)answer.Status} {string.Join(' ', members)}";
    }

    [GeneratedRegex(@"\{\*?\*?(\w+)[^}]*\}")]
    private static partial Regex Parameter();
}
