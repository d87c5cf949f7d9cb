using Npgsql;

namespace ForgeShop.Users;

public sealed record RegisterUserRequest(string? Email, string? Name, string? Password);

/// <summary>POST /api/v1/users</summary>
public static class RegisterUser
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/", Handle)
        .WithSummary("Opens an account. Its ID is derived from the e-mail address.")
        .WithErrorCodes((409, "email-taken"))
        .WithRequestExample(new { email = "ada@example.com", name = "Ada Lovelace", password = "Correct(Horse)1" })
        .Produces<UserView>(StatusCodes.Status201Created)
        .AllowAnonymous();

    private static async Task<IResult> Handle(
        RegisterUserRequest request, UsersDb db, ForgeIds ids, Passwords passwords, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        if (!ids.TryUser(request.Email, out var id))
            errors.Add("email", "An e-mail address such as ada@example.com is required: ASCII, at most 254 characters.");
        var (name, badName) = AccountRules.Name(request.Name);
        errors.Add("name", badName);
        errors.Add("password", AccountRules.Password(request.Password));
        if (errors.Any)
            return errors.ToProblem();

        // Fast path for a repeated registration, without the slow hash. The insert below is the authoritative check.
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(known => known.Id == id, cancellationToken) is { } taken)
        {
            ids.Verify(taken.Id, taken.Email);
            return EmailTaken(taken);
        }

        var user = User.Register(id, ids.Namespace("users").GetName(request.Email), name!, time.GetUtcNow());
        user.SetPassword(await passwords.HashAsync(AccountRules.PreparePassword(request.Password)!, cancellationToken));
        db.Users.Add(user);
        db.Emit(user, new UserRegistered(user.Id, user.Email, user.Name, user.CreatedAt), MessageOrigin.OfRequest());
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException error) when (error.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // The same salted hash means that this request stored the account and its confirmation was lost.
            var known = await db.Users.AsNoTracking().SingleAsync(known => known.Id == id, cancellationToken);
            if (known.PasswordHash != user.PasswordHash)
                return EmailTaken(known);
        }

        return TypedResults.Created($"/api/v1/users/{user.Id}", CachedUser.Of(user).User);
    }

    // The ID is derived from the address, so a second account with this address would own the orders of the first.
    private static IResult EmailTaken(User known) => known.DeactivatedAt is null
        ? Problems.Conflict("email-taken", "There is an account with this e-mail address already.")
        : Problems.Conflict("account-closed", "The account with this e-mail address is closed for good. Use another e-mail address.");
}
