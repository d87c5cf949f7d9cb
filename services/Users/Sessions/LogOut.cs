using ForgeShop.ServiceDefaults;

namespace ForgeShop.Users;

/// <summary>POST /api/v1/auth/logout</summary>
public static class LogOut
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/logout", Handle)
        .WithName("LogOut")
        .WithSummary("Ends the session of a refresh token. One that is not good any more is answered alike.")
        .Produces(StatusCodes.Status204NoContent)
        .ProducesValidationProblem()
        .AllowAnonymous();

    private static async Task<IResult> Handle(RefreshRequest request, UserSessions sessions, CancellationToken cancellationToken)
    {
        if (request.RefreshToken is null)
            return Problems.Validation("refreshToken", "A refresh token is required.");
        await sessions.EndAsync(request.RefreshToken, cancellationToken);
        return TypedResults.NoContent();
    }
}
