using ForgeShop.Caching;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Users;

public sealed record ChangeProfileRequest(string? Name);

/// <summary>PATCH /api/v1/users/{id}</summary>
public static class ChangeProfile
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/{id}", Handle)
        .WithName("ChangeProfile")
        .WithSummary("Changes the profile. The e-mail address stays what it is.")
        .Produces<UserView>()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status404NotFound)
        .RequirePermission(Permissions.AccountSelf);

    private static async Task<IResult> Handle(
        UserId id, ChangeProfileRequest request, Caller caller, UsersDb db, EntityCache<CachedUser> cache, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!caller.Is(id))
            return Problems.Status(StatusCodes.Status403Forbidden);
        var errors = new ValidationErrors();
        errors.Add("name", AccountRules.Name(request.Name));
        if (errors.Any)
            return errors.ToProblem();

        var user = await db.Database.CreateExecutionStrategy().ExecuteAsync(
            token => RenameAsync(db, id, AccountRules.PrepareName(request.Name)!, time.GetUtcNow(), token), cancellationToken);
        if (user is null)
            return Problems.NotFound("user-not-found", "There is no such user.");

        var view = CachedUser.Of(user);
        await cache.PutAsync(id.Value, view);
        return TypedResults.Ok(view.User);
    }

    private static async Task<User?> RenameAsync(UsersDb db, UserId id, string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The strategy may run this again after a lost connection: nothing of the earlier try may be left.
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var user = await db.LockUserAsync(id, cancellationToken);
        // A token outlives its account by some minutes, and after user.deactivated nothing more is told of anybody.
        if (user is null or { DeactivatedAt: not null })
            return null;
        if (!user.Rename(name))
            return user;
        db.Emit(user, new UserProfileChanged(user.Id, user.Name, now), MessageOrigin.OfRequest());
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return user;
    }
}
