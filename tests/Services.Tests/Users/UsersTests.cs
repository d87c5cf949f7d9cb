using System.Net;

namespace ForgeShop.Services.Tests;

public sealed class UsersTests(ServersFixture servers)
{
    private const string Password = "Correct-Horse-1";

    private HttpClient Http => servers.Users.Http;

    private static string NewEmail(string name = "ada") => $"{name}-{Guid.NewGuid():N}@example.com";

    private Task<Answer> Register(string email, string name = "Ada Lovelace", string password = Password) =>
        Http.Post("/api/v1/users", new { email, name, password });

    [Fact]
    public async Task RegisterUser_returns_the_ID_that_a_client_derives()
    {
        var email = NewEmail();
        var id = servers.Ids.User(email);

        var answer = await Register($"  {email.ToUpperInvariant()} ", "  Ada Lovelace ");

        answer.ShouldBe(HttpStatusCode.Created);
        answer.Location.ShouldBe($"/api/v1/users/{id}");
        answer.Text("id").ShouldBe(id.ToString());
        answer.Text("email").ShouldBe(email);
        answer.Text("name").ShouldBe("Ada Lovelace");
        answer.Body.EnumerateObject().Select(member => member.Name).ShouldBe(["id", "email", "name", "createdAt"]);
        (await Http.Get(answer.Location!)).Body.ToString().ShouldBe(answer.Body.ToString());
    }

    [Fact]
    public async Task RegisterUser_stores_the_account_and_one_event()
    {
        var email = NewEmail();
        var id = servers.Ids.User(email);
        await Register(email);

        (await servers.Users.Database.Scalar<Guid>("select id from users where email = $1", email)).ShouldBe(id.Value);
        (await servers.Users.Database.Scalar<long>("select count(*) from outbox where subject = $1", id.Value)).ShouldBe(1);
        (await servers.Users.Database.Scalar<Guid>("select event_id from outbox where subject = $1", id.Value))
            .ShouldBe(servers.Ids.Event(id.Value, "users.user-registered", 1).Value);
    }

    [Fact]
    public async Task Password_is_stored_hashed()
    {
        var email = NewEmail();
        await Register(email);

        var hash = await servers.Users.Database.Scalar<string>("select password_hash from users where email = $1", email);

        hash.ShouldNotContain(Password);
        new Microsoft.AspNetCore.Identity.PasswordHasher<object>().VerifyHashedPassword(new object(), hash, Password)
            .ShouldNotBe(Microsoft.AspNetCore.Identity.PasswordVerificationResult.Failed);
    }

    [Fact]
    public async Task RegisterUser_address_in_another_spelling_returns_409()
    {
        var email = NewEmail();
        await Register(email);

        var again = await Register($"\t{email.ToUpperInvariant()}\n", "Another Name");

        again.ShouldBeProblem(HttpStatusCode.Conflict, "email-taken");
        (await Http.Get($"/api/v1/users/{servers.Ids.User(email)}")).Text("name").ShouldBe("Ada Lovelace");
    }

    [Fact]
    public async Task RegisterUser_many_at_once_for_one_address_succeed_once()
    {
        var email = NewEmail();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 24).Select(number => Register(number % 2 == 0 ? email : email.ToUpperInvariant())));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).ShouldBe(1);
        answers.Where(answer => answer.Status != HttpStatusCode.Created).ShouldAllBe(answer => answer.Code == "email-taken");
        var id = servers.Ids.User(email).Value;
        (await servers.Users.Database.Scalar<long>("select count(*) from users where id = $1", id)).ShouldBe(1);
        (await servers.Users.Database.Scalar<long>("select count(*) from outbox where subject = $1", id)).ShouldBe(1);
    }

    [Theory]
    [InlineData("""{}""", "email", "name", "password")]
    [InlineData("""{"email":null,"name":null,"password":null}""", "email", "name", "password")]
    [InlineData("""{"email":"ada","name":"Ada","password":"Correct-Horse-1"}""", "email")]
    [InlineData("""{"email":"ada@example..com","name":"Ada","password":"Correct-Horse-1"}""", "email")]
    [InlineData("""{"email":"ädä@example.com","name":"Ada","password":"Correct-Horse-1"}""", "email")]
    [InlineData("""{"email":"ada@example.com","name":"A","password":"Correct-Horse-1"}""", "name")]
    [InlineData("""{"email":"ada@example.com","name":"   ","password":"Correct-Horse-1"}""", "name")]
    [InlineData("""{"email":"ada@example.com","name":"Ada\u0000","password":"Correct-Horse-1"}""", "name")]
    [InlineData("""{"email":"ada@example.com","name":"Ada\nLovelace","password":"Correct-Horse-1"}""", "name")]
    [InlineData("""{"email":"ada@example.com","name":"Ada","password":"Short1a"}""", "password")]
    [InlineData("""{"email":"ada@example.com","name":"Ada","password":"elevenchars"}""", "password")]
    [InlineData("""{"email":"ada@example.com","name":"Ada","password":"nodigitsX"}""", "password")]
    [InlineData("""{"email":"ada@example.com","name":"Ada","password":"Passw0rd"}""", "password")]
    [InlineData("""{"email":"ada@example.com","name":"Ada","password":"PasswordPassword"}""", "password")]
    [InlineData("""{"email":5,"name":"Ada","password":"Correct-Horse-1"}""", "email")]
    [InlineData("""{"email":"ada@example.com","name":"Ada","password":"😀😁😂🤣😃😄"}""", "password")]
    [InlineData("""{"email":"ada@example.com","name":"Ada","password":"Correct\u0007Horse-1"}""", "password")]
    [InlineData("""{"email":"ada@example.com","name":"Ada","password":"Correct\ufffdHorse-1"}""", "password")]
    [InlineData("""{"email":"ada@example.com","name":"😀","password":"Correct-Horse-1"}""", "name")]
    public async Task RegisterUser_invalid_request_names_each_field(string body, params string[] fields)
    {
        var answer = await Http.SendJson(HttpMethod.Post, "/api/v1/users", body);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(fields, ignoreOrder: true);
    }

    [Theory]
    [InlineData("eleven-plus1")]
    [InlineData("Tr33house")]
    [InlineData("😀😁😂🤣😃😄😅😆😉😊😋😎")]
    [InlineData("Äöü-1234")]
    public async Task RegisterUser_password_is_long_or_mixed(string password) =>
        (await Register(NewEmail(), password: password)).ShouldBe(HttpStatusCode.Created);

    [Fact]
    public async Task Name_is_stored_composed() =>
        (await Register(NewEmail(), "Zoe\u0308")).Text("name").ShouldBe("Zo\u00eb");

    [Fact]
    public async Task Error_of_Users_contains_no_address()
    {
        var answer = await Register("secret-person@@example.com");

        answer.Body.ToString().ShouldNotContain("secret-person");
    }

    [Fact]
    public async Task GetUser_unknown_user_returns_404_and_malformed_ID_400()
    {
        (await Http.Get($"/api/v1/users/{servers.Ids.User(NewEmail())}")).ShouldBeProblem(HttpStatusCode.NotFound, "user-not-found");
        (await Http.Get("/api/v1/users/not-an-id")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        (await Http.Patch("/api/v1/users/not-an-id", new { name = "Ada" })).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        var unknown = servers.Ids.User(NewEmail());
        (await servers.Users.As(unknown).Patch($"/api/v1/users/{unknown}", new { name = "Ada" }))
            .ShouldBeProblem(HttpStatusCode.NotFound, "user-not-found");
    }

    [Fact]
    public async Task GetUser_accepts_the_ID_in_either_case()
    {
        var email = NewEmail();
        await Register(email);

        (await Http.Get($"/api/v1/users/{servers.Ids.User(email).ToString().ToUpperInvariant()}")).Text("email").ShouldBe(email);
    }

    [Fact]
    public async Task Changed_name_is_read_at_once_and_published_once()
    {
        var email = NewEmail();
        var id = servers.Ids.User(email);
        await Register(email);
        await Http.Get($"/api/v1/users/{id}");

        (await servers.Users.As(id).Patch($"/api/v1/users/{id}", new { name = " Ada King " })).Text("name").ShouldBe("Ada King");
        (await servers.Users.As(id).Patch($"/api/v1/users/{id}", new { name = "Ada King" })).ShouldBe(HttpStatusCode.OK);

        (await Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Ada King");
        (await servers.Users.Database.Scalar<long>("select count(*) from outbox where subject = $1", id.Value)).ShouldBe(2);
        (await servers.Users.Database.Scalar<string>("select type from outbox where event_id = $1",
            servers.Ids.Event(id.Value, "users.user-profile-changed", 2).Value))
            .ShouldBe("users.user-profile-changed");
    }

    [Fact]
    public async Task Concurrent_changes_have_sequence_numbers_without_gaps()
    {
        var email = NewEmail();
        var id = servers.Ids.User(email);
        await Register(email);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(number => servers.Users.As(id).Patch($"/api/v1/users/{id}", new { name = $"Ada {number}" })));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        (await servers.Users.Database.Scalar<long>("select count(*) from outbox where subject = $1", id.Value)).ShouldBe(21);
        (await servers.Users.Database.Scalar<long>("select last_sequence from users where id = $1", id.Value)).ShouldBe(21);
        var stored = await servers.Users.Database.Scalar<string>("select name from users where id = $1", id.Value);
        (await Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe(stored);
    }
}
