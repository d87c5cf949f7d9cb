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
        .ProducesProblem(StatusCodes.Status429TooManyRequests)
        .AllowAnonymous();

    private static async Task<IResult> Handle(
        LogInRequest request, HttpContext http, UsersDb db, ForgeIds ids, Passwords passwords, LoginThrottle throttle, UserSessions sessions, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        errors.Add("email", request.Email is null ? "An e-mail address is required." : null);
        errors.Add("password", request.Password is null ? "A password is required." : null);
        if (errors.Any)
            return errors.ToProblem();

        // Whether there is such an account, or could be, makes no difference to what happens from here on: the same questions, the same
        // slow hash, the same answer.
        _ = ids.Namespace("users").TryDerive(request.Email!, out var derived);
        var id = new UserId(derived);
        if (await throttle.BeginAsync(id, http, cancellationToken) is { } pause)
            return LoginThrottle.TooManyAttempts(pause);
        var password = request.Password!.Length <= AccountRules.MaxPasswordLength ? request.Password : "";
        var (answer, again) = await TryAsync();
        // Of two logins at once whose hash is of yesterday, one replaces it. The other finds another hash than it verified, maybe of the same password.
        if (again)
            (answer, _) = await TryAsync();
        if (answer is null)
            return BadCredentials();
        await throttle.SucceededAsync(id, http, cancellationToken);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(answer);

        async Task<(TokenAnswer? Answer, bool Again)> TryAsync()
        {
            var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(known => known.Id == id && known.DeactivatedAt == null, cancellationToken);
            var result = await passwords.VerifyAsync(user, password, cancellationToken);
            if (user is null || result is PasswordVerificationResult.Failed)
                return (null, false);
            var rehashed = result is PasswordVerificationResult.SuccessRehashNeeded ? await passwords.HashAsync(password, cancellationToken) : null;
            var opened = await sessions.OpenAsync(id, user.PasswordHash, rehashed, cancellationToken);
            return (opened, opened is null && rehashed is not null);
        }
    }

    private static ProblemResult BadCredentials() => Problems.Unauthorized("bad-credentials", "There is no account with this e-mail address and this password.");
}
