using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Users;

public sealed record LogInRequest(string? Email, string? Password);

/// <summary>POST /api/v1/auth/token</summary>
public static class LogIn
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/token", Handle)
        .WithName("LogIn")
        .WithSummary("An access token and a refresh token for an e-mail address and its password.")
        .Produces<TokenAnswer>()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .AllowAnonymous();

    private static async Task<IResult> Handle(
        LogInRequest request, UsersDb db, ForgeIds ids, Passwords passwords, UserSessions sessions, HttpResponse response, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        errors.Add("email", request.Email is null ? "An e-mail address is required." : null);
        errors.Add("password", request.Password is null ? "A password is required." : null);
        if (errors.Any)
            return errors.ToProblem();

        // What cannot be an address is an unknown one: it gets the same answer after the same time.
        var isAddress = ids.Namespace("users").TryDerive(request.Email!, out var id);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(known => known.Id == new UserId(id), cancellationToken);
        if (!isAddress || user?.DeactivatedAt is not null)
            user = null;
        var password = request.Password!.Length <= AccountRules.MaxPasswordLength ? request.Password : "";
        var result = await passwords.VerifyAsync(user, password, cancellationToken);
        if (user is null || result is PasswordVerificationResult.Failed)
            return Problems.Unauthorized("bad-credentials", "There is no account with this e-mail address and this password.");

        if (result is PasswordVerificationResult.SuccessRehashNeeded)
        {
            // The same password, hashed as passwords are hashed today; unless it was changed meanwhile.
            var hash = await passwords.HashAsync(password, cancellationToken);
            await db.Users.Where(known => known.Id == user.Id && known.PasswordHash == user.PasswordHash)
                .ExecuteUpdateAsync(set => set.SetProperty(known => known.PasswordHash, hash), cancellationToken);
        }

        response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(await sessions.OpenAsync(user, cancellationToken));
    }
}
