using Microsoft.Extensions.Hosting;

namespace ForgeShop.Documents.Tests.SparseFeed;

public sealed class MongoAdapterAbsentTests
{
    [Theory]
    [InlineData("mongodb://localhost/shop")]
    [InlineData("mongodb+srv://cluster.example/shop")]
    [InlineData("MongoDB://localhost/shop")]
    public async Task A_connection_string_for_MongoDB_without_its_adapter_stops_the_start_and_says_what_is_missing(string connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:documents"] = connectionString;
        builder.AddDocuments("documents", documents => documents.Collection(Item.Model("items")));
        using var host = builder.Build();

        var exception = await Should.ThrowAsync<InvalidOperationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        exception.Message.ShouldContain("ForgeShop.Documents.MongoDB");
    }
}
