using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Documents.Tests;

/// <summary>The start of a program with documents: its health, its errors, its spans.</summary>
public sealed class StartTests(PostgresFixture server)
{
    private readonly CancellationToken _cancelled = TestContext.Current.CancellationToken;

    private static IHost Build(string? connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:documents"] = connectionString;
        builder.AddDocuments("documents");
        return builder.Build();
    }

    [Fact]
    public async Task Health_is_healthy_while_the_store_answers()
    {
        using var host = Build(server.ConnectionString);
        await host.StartAsync(_cancelled);

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(_cancelled);

        report.Status.ShouldBe(HealthStatus.Healthy);
        await host.StopAsync(_cancelled);
    }

    [Fact]
    public async Task Health_is_unhealthy_and_the_program_runs_while_the_store_is_down()
    {
        using var host = Build("Host=127.0.0.1;Port=1;Username=unknown;Password=x;Timeout=2");
        await host.StartAsync(_cancelled);

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(_cancelled);

        report.Entries["documents"].Status.ShouldBe(HealthStatus.Unhealthy);
        await host.StopAsync(_cancelled);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public void Missing_connection_string_stops_the_start_and_is_named(string? connectionString) =>
        Should.Throw<InvalidOperationException>(() => Build(connectionString)).Message.ShouldContain("ConnectionStrings:documents");

    [Fact]
    public async Task Spans_of_the_store_contain_no_values()
    {
        using var source = new ActivitySource(nameof(StartTests));
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate.Name == "Npgsql" || candidate == source,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => { lock (spans) spans.Add(span); },
        };
        ActivitySource.AddActivityListener(listener);
        using var host = Build(server.ConnectionString);
        var items = host.Services.GetRequiredService<IDocumentStore>().Collection(Item.Model($"c_{Guid.NewGuid():N}"));

        using (var caller = source.StartActivity("caller"))
        {
            await items.BulkUpsertAsync([new(Guid.NewGuid(), new() { Name = "secret@example.com" }, 0)], _cancelled);
            List<Activity> mine;
            lock (spans)
                mine = [.. spans.Where(span => span.TraceId == caller!.TraceId)];
            mine.ShouldNotBeEmpty();
            mine.SelectMany(span => span.TagObjects).ShouldAllBe(tag => !$"{tag.Value}".Contains("secret"));
        }
    }
}
