using System.Net;
using System.Net.Sockets;
using MongoDB.Driver;
using Npgsql;

namespace ForgeShop.Documents.Tests;

public sealed class DocumentStoreErrorsTests(PostgresFixture server)
{
    private readonly CancellationToken _cancelled = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("55P03", true)]
    [InlineData("57014", true)]
    [InlineData("25006", true)]
    [InlineData("40001", true)]
    [InlineData("40P01", true)]
    [InlineData("53300", true)]
    [InlineData("57P01", true)]
    [InlineData("57P03", true)]
    [InlineData("08006", true)]
    [InlineData("42P01", true)]
    [InlineData("3D000", true)]
    [InlineData("22P05", false)]
    [InlineData("23505", false)]
    [InlineData("42703", true)]
    [InlineData("42601", false)]
    public void Sql_state_decides_whether_the_store_is_at_fault(string state, bool isTransient)
    {
        var exception = new PostgresException("message", "ERROR", "ERROR", state);
        DocumentStoreErrors.IsTransient(exception).ShouldBe(isTransient);
        DocumentStoreErrors.IsTransient(new InvalidOperationException("outer", exception)).ShouldBe(isTransient);
    }

    [Fact]
    public async Task Command_timeout_and_unreachable_server_are_transient()
    {
        await using var slow = NpgsqlDataSource.Create(server.ConnectionString + ";Command Timeout=1");
        await using var sleep = slow.CreateCommand("SELECT pg_sleep(10)");
        DocumentStoreErrors.IsTransient(await Should.ThrowAsync<NpgsqlException>(() => sleep.ExecuteNonQueryAsync(_cancelled)))
            .ShouldBeTrue();

        await using var absent = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=unknown;Password=x;Timeout=2");
        DocumentStoreErrors.IsTransient(await Should.ThrowAsync<NpgsqlException>(async () => await absent.OpenConnectionAsync(_cancelled)))
            .ShouldBeTrue();
    }

    [Fact]
    public async Task Unreachable_mongodb_server_is_transient()
    {
        using var client = new MongoClient("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200");
        var unreachable = await Should.ThrowAsync<Exception>(
            () => client.GetDatabase("x").ListCollectionNamesAsync(cancellationToken: _cancelled));
        DocumentStoreErrors.IsTransient(unreachable).ShouldBeTrue();
        var connection = new MongoDB.Driver.Core.Connections.ConnectionId(new(new(), new DnsEndPoint("localhost", 1)));
        DocumentStoreErrors.IsTransient(new MongoConnectionException(connection, "lost", new SocketException())).ShouldBeTrue();
        DocumentStoreErrors.IsTransient(new MongoCommandException(connection, "refused", [])).ShouldBeFalse();
    }

    [Fact]
    public void Error_of_the_code_is_not_transient() => DocumentStoreErrors.IsTransient(new InvalidOperationException()).ShouldBeFalse();
}
