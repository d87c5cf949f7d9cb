using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Tests;

public sealed class ConfigurationTests
{
    [Theory]
    [InlineData("ConnectionStrings:kafka", null, "set ConnectionStrings:kafka")]
    [InlineData("Messaging:BatchSize", "0", "BatchSize")]
    [InlineData("Messaging:MaxConcurrency", "0", "MaxConcurrency")]
    [InlineData("Messaging:MaxHandleAttempts", "-1", "MaxHandleAttempts")]
    [InlineData("Messaging:PollInterval", "00:00:00", "PollInterval")]
    [InlineData("Messaging:MinBackoff", "01:00:00", "MinBackoff is longer")]
    public async Task A_setting_that_cannot_work_stops_the_start_and_says_which(string key, string? value, string message)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:kafka"] = "localhost:1";
        builder.Configuration[key] = value;
        builder.Services.AddForgeIds(builder.Configuration);
        builder.AddMessaging("test", messaging => messaging.UseEntityFramework<CountersDb>());
        using var host = builder.Build();

        var exception = await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        exception.Message.ShouldContain(message);
    }

    [Fact]
    public void A_service_that_names_no_store_or_two_is_refused()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);

        Should.Throw<InvalidOperationException>(() => builder.AddMessaging("test", _ => { }));
        Should.Throw<InvalidOperationException>(() => builder.AddMessaging("test", messaging => messaging.UseEntityFramework<CountersDb>().UseDocuments()));
    }
}
