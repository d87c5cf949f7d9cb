using System.Diagnostics;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;
using Npgsql;

namespace ForgeShop.Messaging.Contract.Tests;

/// <summary>Recommendations, on Node.js: a pair of products counts while its order is confirmed and not cancelled.</summary>
public sealed class RecommendationsService : ServiceUnderTest
{
    private string _folder = "";

    public override string Name => "recommendations";

    public override string? Missing => NodeService.Missing;

    public override string StateOf(params IReadOnlyList<string> types)
    {
        var (isConfirmed, isCancelled) = (types.Contains(OrderConfirmed.Type), types.Contains(OrderCancelled.Type));
        return types.Count == 0
            ? "unknown; pair 0; inbox 0"
            : $"confirmed {isConfirmed}, cancelled {isCancelled}; pair {(isConfirmed && !isCancelled ? 1 : 0)}; inbox {types.Count}";
    }

    public override async Task<string> StateAsync(TestOrder order)
    {
        var known = await ScalarAsync<string>(
            """
            SELECT coalesce((
              SELECT format('confirmed %s, cancelled %s', initcap(confirmed::text), initcap(cancelled::text))
              FROM orders WHERE id = $1), 'unknown')
            """, order.Id.Value);
        var pair = await ScalarAsync<long>(
            "SELECT coalesce(sum(orders), 0)::bigint FROM pairs WHERE product_id = $1 AND other_id = $2",
            order.FirstProduct, order.SecondProduct);
        return $"{known}; pair {pair}; inbox {await InboxAsync(order)}";
    }

    /// <summary>Builds the service. It migrates its database itself; the tests may ask before it has.</summary>
    protected override async Task InstallAsync() =>
        _folder = await NodeService.InstallAsync(Repository(), Name, TestContext.Current.CancellationToken);

    protected override ProcessStartInfo Command(KafkaServer kafka)
    {
        var database = new NpgsqlConnectionStringBuilder(Database);
        var uri = $"postgresql://{database.Username}:{database.Password}@{database.Host}:{database.Port}/{database.Database}";
        return new("node", [Path.Combine(_folder, "dist", "src", "main.js")])
        {
            WorkingDirectory = _folder,
            Environment =
            {
                ["PORT"] = "0",
                ["RECOMMENDATIONS_URI"] = uri,
                ["ConnectionStrings__kafka"] = kafka.BootstrapServers,
                ["services__users__http__0"] = "http://127.0.0.1:9",
                ["Authentication__Issuer"] = "http://shop.example",
                ["Messaging__MinBackoff"] = "00:00:00.020",
                ["Messaging__MaxBackoff"] = "00:00:00.500",
                ["Messaging__MaxAttempts"] = "2",
            },
        };
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ForgeShop.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not lie inside a clone.");
    }
}
