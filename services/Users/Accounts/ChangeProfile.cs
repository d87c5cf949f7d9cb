using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace ForgeShop.Users;

/// <summary>The members of an account that a PATCH can change.</summary>
public sealed record ProfileDetails(string? Name);

/// <summary>PATCH /api/v1/users/{id}: the profile as a JSON Merge Patch.</summary>
public static class ChangeProfile
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/{id}", Handle)
        .WithSummary("Changes the profile (JSON Merge Patch). The e-mail address cannot be changed. If-Match is honoured.")
        .WithIfMatch()
        .WithErrorCodes((404, "user-not-found"))
        .WithRequestExample(new { name = "Ada Lovelace" })
        .Accepts<ProfileDetails>("application/merge-patch+json", "application/json")
        .Produces<UserView>()
        .RequirePermission(Permissions.AccountSelf);

    private static async Task<IResult> Handle(
        UserId id, [FromBody] JsonElement patch, Caller caller, HttpContext http, UsersDb db, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!caller.Is(id))
            return Problems.Status(StatusCodes.Status403Forbidden);
        string? stored = null;
        return await db.InTransactionAsync(async token =>
        {
            var user = await db.LockUserAsync(id, token);
            // A token remains valid for some minutes after its account was closed; a closed account cannot be changed.
            if (user is null or { DeactivatedAt: not null })
                return Problems.NotFound("user-not-found", "There is no such user.");
            // A retry after a lost commit confirmation finds the state that this request stored.
            if (stored != user.Name && Preconditions.Check(http, CachedUser.Of(user).User) is { } refused)
                return refused;
            var (name, problem) = AccountRules.Name(MergePatch.Apply(http, new ProfileDetails(user.Name), patch).Name);
            if (problem is not null)
                return Problems.Validation("name", problem);
            stored = name;
            if (user.Rename(name!))
                db.Emit(user, new UserProfileChanged(user.Id, user.Name, time.GetUtcNow()), MessageOrigin.OfRequest());
            return TypedResults.Ok(CachedUser.Of(user).User);
        }, cancellationToken);
    }
}
