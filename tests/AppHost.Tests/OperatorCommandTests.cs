using System.Net;
using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ForgeShop.AppHost.Tests;

#pragma warning disable ASPIREINTERACTION001 // The arguments of a command are still experimental.

/// <summary>The commands of the dashboard's resource page, on an isolated shop.</summary>
public sealed class OperatorCommandTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_start_customers_replay_events_retry_dead_letters_and_empty_the_data()
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(Cancellation);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        // Without a dashboard there is no receiver, and an exporter delays the stop of its service.
        foreach (var service in builder.Resources.OfType<ProjectResource>().ToList())
            builder.CreateResourceBuilder(service).WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", "");
        await using var app = await builder.BuildAsync(Cancellation);
        await app.StartAsync(Cancellation);
        await HealthyAsync(app, "gateway");
        using var http = app.CreateHttpClient("gateway");
        await HealthyEndpointsFileAsync(app);

        (await ExecuteAsync(app, "customers", "set-rate", ("rate", "0"))).Success.ShouldBeFalse();
        (await ExecuteAsync(app, "customers", "set-rate", ("rate", "300"))).Success.ShouldBeTrue();
        await LogAsync(app, "customers", "sent twice: one order");
        (await ExecuteAsync(app, "customers", KnownResourceCommands.StopCommand)).Success.ShouldBeTrue();

        var replay = await ExecuteAsync(app, "orders", "replay-outbox", ("since", "1h"));
        replay.Success.ShouldBeTrue(replay.Message);
        (await ExecuteAsync(app, "orders", "replay-outbox", ("since", "yesterday"))).Success.ShouldBeFalse();
        var retry = await ExecuteAsync(app, "kafka", "retry-dead-letters", ("topic", "order.events"));
        retry.Success.ShouldBeTrue(retry.Message);

        var account = new { email = "empty@example.com", name = "Ada Lovelace", password = "Correct-Horse-1" };
        (await http.PostAsJsonAsync("/api/v1/users", account, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.Created);
        var empty = await ExecuteAsync(app, "gateway", "empty-data");
        empty.Success.ShouldBeTrue(empty.Message);
        await HealthyAsync(app, "gateway");
        // The account is gone, so that its address is free again.
        await Eventually.Get(
            "the account can be registered again", async token => (await http.PostAsJsonAsync("/api/v1/users", account, token)).StatusCode,
            status => status == HttpStatusCode.Created, Timeout, Cancellation);
    }

    private static Task<ExecuteCommandResult> ExecuteAsync(DistributedApplication app, string resource, string command, params (string Name, string Value)[] arguments)
    {
        var commands = app.Services.GetRequiredService<ResourceCommandService>();
        return arguments.Length == 0
            ? commands.ExecuteCommandAsync(resource, command, Cancellation)
            : commands.ExecuteCommandAsync(
                resource, command,
                new InteractionInputCollection([.. arguments.Select(argument => new InteractionInput { Name = argument.Name, InputType = InputType.Text, Value = argument.Value })]),
                Cancellation);
    }

    private static async Task HealthyAsync(DistributedApplication app, string resource) =>
        await app.ResourceNotifications.WaitForResourceHealthyAsync(resource, WaitBehavior.WaitOnResourceUnavailable, Cancellation)
            .WaitAsync(Timeout, Cancellation);

    /// <summary>The operator's tool finds the shop by its endpoints file.</summary>
    private static Task HealthyEndpointsFileAsync(DistributedApplication app)
    {
        var file = app.Services.GetRequiredService<Hosting.EndpointsFileLocation>();
        return Eventually.True("the endpoints file is written", _ => Task.FromResult(File.Exists(file.Path)), Timeout, Cancellation);
    }

    private static async Task LogAsync(DistributedApplication app, string resource, string text)
    {
        app.ResourceNotifications.TryGetCurrentState(resource, out var current).ShouldBeTrue();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        timeout.CancelAfter(Timeout);
        await foreach (var batch in app.Services.GetRequiredService<ResourceLoggerService>().WatchAsync(current!.ResourceId).WithCancellation(timeout.Token))
        {
            if (batch.Any(line => line.Content.Contains(text, StringComparison.Ordinal)))
                return;
        }

        Assert.Fail($"the log of {resource} ended without '{text}'");
    }
}
