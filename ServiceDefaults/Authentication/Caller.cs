using System.Security.Claims;
using ForgeShop.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// The person who calls, as the token says; a parameter of an endpoint that requires a permission. The permission says what they may
/// do, this says to whose things.
/// </summary>
public sealed record Caller(UserId Id, IReadOnlySet<string> Permissions)
{
    public const string SubjectClaim = "sub";

    public bool Is(UserId user) => Id == user;

    /// <summary>Whether this is the owner, or somebody whose permission reaches everybody's.</summary>
    public bool MaySee(UserId owner, string permission) => Is(owner) || Permissions.Contains(permission);

    /// <summary>For minimal APIs: how a parameter of this type is found.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult<Caller?>(Of(context));

    internal static Caller Of(HttpContext context)
    {
        if (!TryIdentify(context, out var id))
            throw new BadHttpRequestException("The token is not a person's.", StatusCodes.Status403Forbidden);
        return new Caller(id, PermissionRequirement.PermissionsOf(context.User));
    }

    private static bool TryIdentify(HttpContext context, out UserId id)
    {
        var settings = context.RequestServices.GetRequiredService<IOptions<AuthenticationSettings>>().Value;
        if (settings.UserFrom != "email")
            return UserId.TryParse(context.User.FindFirst(SubjectClaim)?.Value, out id);
        // Another provider knows nothing of our IDs; the address says as much, since the ID is derived from it. If it is theirs: at many providers
        // anybody may enter anybody's.
        var derived = Guid.Empty;
        var isKnown = IsEmailVerified(context.User, settings)
            && context.User.FindFirst("email")?.Value is { } email
            && context.RequestServices.GetRequiredService<ForgeIds>().Namespace("users").TryDerive(email, out derived);
        id = new UserId(derived);
        return isKnown;
    }

    private static bool IsEmailVerified(ClaimsPrincipal user, AuthenticationSettings settings)
    {
        var said = user.FindAll("email_verified").ToList();
        return said.Count == 0 ? settings.EmailIsVerified : said.TrueForAll(claim => string.Equals(claim.Value, "true", StringComparison.OrdinalIgnoreCase));
    }
}
