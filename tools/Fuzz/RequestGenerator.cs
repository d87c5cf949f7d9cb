using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;

namespace ForgeShop.Fuzz;

/// <summary>Draws requests: one that the document allows, and the mutations that make it odd.</summary>
internal sealed class RequestGenerator(FuzzedShop shop, IReadOnlyList<ApiOperation> operations)
{
    /// <summary>Gets IDs of orders that there are.</summary>
    public ConcurrentBag<string> Orders { get; } = [];

    public (RawRequest Request, IReadOnlyList<Mutation> Mutations) Draw(Random random)
    {
        var operation = operations[random.Next(operations.Count)];
        // A rebuild is work, and one now and then is enough.
        while (operation.Id == "RebuildReports" && random.Next(20) > 0)
            operation = operations[random.Next(operations.Count)];
        var headers = new List<string>();
        if (random.Next(10) > 0)
        {
            string[] parts = ["/reports", "/products"];
            var isForAdministrators = parts.Any(part => operation.Path.Contains(part, StringComparison.Ordinal));
            headers.Add("Authorization: Bearer " + (isForAdministrators ? shop.AdministratorToken : shop.CustomerToken));
        }

        var required = operation.Parameters.Where(
            parameter => (string?)parameter["in"] == "header" && (bool?)parameter["required"] == true);
        foreach (var header in required)
            headers.Add($"{header["name"]}: fuzz-{random.Next()}");
        var body = "";
        if (operation.ContentType is { } type)
        {
            headers.Add("Content-Type: " + type);
            body = Body(operation, random);
        }

        var request = new RawRequest(operation.Method, Target(operation, random), "HTTP/1.1", headers, body);
        return (request, [.. Enumerable.Range(0, random.Next(4)).Select(_ => Mutation.Any(random))]);
    }

    private string Target(ApiOperation operation, Random random)
    {
        var path = operation.Path
            .Replace("{sku}", random.Next(4) > 0 ? FuzzedShop.Sku : $"FUZZ-{random.Next(2, 50)}", StringComparison.Ordinal)
            .Replace("{entityType}", random.Next(2) > 0 ? "users" : "orders", StringComparison.Ordinal);
        // The customer's account stays open: the run needs it.
        var id = operation.Path.Contains("/users/", StringComparison.Ordinal)
            ? operation.Id != "DeactivateUser" && random.Next(4) > 0 ? shop.UserId : $"{RandomId(random)}"
            : random.Next(4) > 0 && Orders.TryPeek(out var order) ? order : $"{RandomId(random)}";
        path = path.Replace("{id}", id, StringComparison.Ordinal);
        var query = operation.Parameters.Where(parameter => (string?)parameter["in"] == "query" && random.Next(3) == 0)
            .Select(parameter => $"{parameter["name"]}={(IsNumber(parameter) ? random.Next(1, 100) : "a")}").ToList();
        return query.Count > 0 ? $"{path}?{string.Join('&', query)}" : path;
    }

    private static bool IsNumber(JsonObject parameter) => (string?)parameter["schema"]?["type"] == "integer";

    private static string Body(ApiOperation operation, Random random)
    {
        var example = operation.Example?.DeepClone() ?? new JsonObject();
        if (example is JsonObject members && random.Next(2) == 0)
            members.Remove("expectedTotal");
        if (example["email"] is not null)
            example["email"] = $"fuzz-{random.Next()}@example.com";
        var text = example.ToJsonString().Replace("TEA-1", FuzzedShop.Sku, StringComparison.Ordinal);
        return Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
    }

    private static Guid RandomId(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }
}
