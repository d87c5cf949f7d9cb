using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Documents.Tests;

/// <summary>How a program with documents starts: whether it is healthy, and what it says when it cannot be.</summary>
public sealed class StartTests(PostgresFixture server)
{
    private readonly CancellationToken _cancelled = TestContext.Current.CancellationToken;
    private readonly string _collection = $"c_{Guid.NewGuid():N}";

    private IHost Build(string? connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:documents"] = connectionString;
        builder.AddDocuments("documents", documents => documents.Collection(Item.Model(_collection)));
        return builder.Build();
    }

    [Fact]
    public async Task Health_is_green_once_the_collections_exist()
    {
        using var host = Build(server.ConnectionString);
        await host.StartAsync(_cancelled);

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(_cancelled);

        report.Status.ShouldBe(HealthStatus.Healthy);
        await host.StopAsync(_cancelled);
    }

    [Fact]
    public async Task Health_is_red_but_the_program_runs_while_the_server_is_not_there()
    {
        using var host = Build("Host=127.0.0.1;Port=1;Username=nobody;Password=x;Timeout=2");
        await host.StartAsync(_cancelled);

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(_cancelled);

        report.Entries["documents"].Status.ShouldBe(HealthStatus.Unhealthy);
        await host.StopAsync(_cancelled);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public async Task Without_a_connection_string_the_start_fails_and_says_which_one_is_missing(string? connectionString)
    {
        using var host = Build(connectionString);
        (await Should.ThrowAsync<InvalidOperationException>(() => host.StartAsync(_cancelled))).Message.ShouldContain("ConnectionStrings:documents");
    }

    [Fact]
    public async Task Every_command_is_a_span_of_Npgsql_that_does_not_tell_values()
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
        var items = host.Services.GetRequiredService<IDocumentCollection<Item>>();

        using (var caller = source.StartActivity("caller"))
        {
            await items.UpsertAsync(Guid.NewGuid(), new() { Name = "secret@example.com" }, 0, _cancelled);
            List<Activity> mine;
            lock (spans)
                mine = [.. spans.Where(span => span.TraceId == caller!.TraceId)];
            mine.ShouldNotBeEmpty();
            mine.SelectMany(span => span.TagObjects).ShouldAllBe(tag => !$"{tag.Value}".Contains("secret"));
        }
    }
}
