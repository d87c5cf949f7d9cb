using ForgeShop.ServiceDefaults;

namespace ForgeShop.Users;

public sealed record RefreshRequest(string? RefreshToken);

/// <summary>POST /api/v1/auth/refresh</summary>
public static class RefreshSession
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/refresh", Handle)
        .WithName("RefreshSession")
        .WithSummary("New tokens for a refresh token, which is good once: shown again, it ends the session.")
        .Produces<TokenAnswer>()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .AllowAnonymous();

    private static async Task<IResult> Handle(RefreshRequest request, UserSessions sessions, HttpResponse response, CancellationToken cancellationToken)
    {
        if (request.RefreshToken is null)
            return Problems.Validation("refreshToken", "A refresh token is required.");
        response.Headers.CacheControl = "no-store";
        return await sessions.RefreshAsync(request.RefreshToken, cancellationToken) is { } answer
            ? TypedResults.Ok(answer)
            : Problems.Unauthorized("invalid-refresh-token", "This refresh token is not good any more; log in again.");
    }
}
