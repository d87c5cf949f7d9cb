using System.Diagnostics;
using System.Net;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>
/// The same ID in each store. The store itself converts it to text, so no mapping of a client library can hide a difference.
/// </summary>
public sealed class StorageTests(ServersFixture servers)
{
    private const string Kcat = "kcat";

    [Fact]
    public async Task One_user_has_the_same_ID_in_PostgreSQL_Redis_and_Kafka()
    {
        Assert.SkipUnless(OnPath(Kcat), "kcat is not on the PATH");
        var email = $"stored-{Guid.NewGuid():N}@example.com";
        var id = servers.Ids.User(email).ToString();
        (await servers.Users.Http.Post("/api/v1/users", new { email, name = "Ada", password = "Correct-Horse-1" }))
            .ShouldBe(HttpStatusCode.Created);
        (await servers.Users.Http.Get($"/api/v1/users/{id}")).ShouldBe(HttpStatusCode.OK); // now it is cached as well

        // PostgreSQL: the type uuid, its 16 bytes in network order, which are the text's digits.
        (await servers.Users.Database.Scalar<string>(
            $"select concat_ws('|', pg_typeof(id), encode(uuid_send(id), 'hex')) from users where email = '{email}'"))
            .ShouldBe("uuid|" + id.Replace("-", "", StringComparison.Ordinal));
        (await servers.Users.Database.Scalar<string>(
            "select concat_ws('|', pg_typeof(event_id), encode(uuid_send(event_id), 'hex'), pg_column_size(event_id)) "
            + $"from outbox where subject = '{id}'"))
            .ShouldBe($"uuid|{servers.Ids.Event(servers.Ids.User(email).Value, "users.user-registered", 1).Value:N}|16");

        // Redis: of all keys that are this ID in any case, exactly the lower-case one.
        ((string?)await servers.Cache.ScriptEvaluateAsync($$"""
            local found = {}
            for _, key in ipairs(redis.call('KEYS', '*')) do
              if string.find(string.lower(key), '{{id}}', 1, true) then found[#found + 1] = key end
            end
            return table.concat(found, ' ')
            """)).ShouldBe($"user:{id}");

        // Kafka: key and headers, 36 lower-case characters.
        var message = await Eventually.Get(
            "the event is in Kafka", token =>
                KafkaMessage(id, token), line => line is not null, cancellationToken: TestContext.Current.CancellationToken);
        message!.ShouldStartWith($"36 {id} ");
        message!.ShouldContain($"ce_subject={id},");
        message!.ShouldContain($"ce_id={servers.Ids.Event(servers.Ids.User(email).Value, "users.user-registered", 1)},");
    }

    /// <summary>Length of key, key and headers of the message with this ID as its key, in whatever case.</summary>
    private async Task<string?> KafkaMessage(string id, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Kcat,
            ["-C", "-b", servers.Kafka, "-t", "user.events", "-o", "beginning", "-e", "-q", "-f",
            "%K %k %h,\n"]) { RedirectStandardOutput = true };
        using var kcat = Process.Start(start)!;
        try
        {
            var output = await kcat.StandardOutput.ReadToEndAsync(cancellationToken);
            await kcat.WaitForExitAsync(cancellationToken);
            return output.Split('\n')
                .SingleOrDefault(line => line.Split(' ') is [_, var key, ..] && key.Equals(id, StringComparison.OrdinalIgnoreCase));
        }
        finally
        {
            if (!kcat.HasExited)
                kcat.Kill();
        }
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}
