using System.Security.Claims;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// The user who calls, read from the token; a parameter of endpoints that require a permission. The permission decides which action is
/// allowed; the endpoint compares the caller with the resource's owner.
/// </summary>
public sealed record Caller(UserId Id, IReadOnlySet<string> Permissions)
{
    public const string SubjectClaim = "sub";

    public bool Is(UserId user) => Id == user;

    /// <summary>Returns whether the caller is the owner, or has a permission that covers all users.</summary>
    public bool MaySee(UserId owner, string permission) => Is(owner) || Permissions.Contains(permission);

    public static ValueTask<Caller?> BindAsync(HttpContext context) => TryIdentify(context, out var id)
        ? new(new Caller(id, PermissionRequirement.PermissionsOf(context.User)))
        : throw new BadHttpRequestException("The token is not a person's.", StatusCodes.Status403Forbidden);

    private static bool TryIdentify(HttpContext context, out UserId id)
    {
        var settings = context.RequestServices.GetRequiredService<IOptions<AuthenticationSettings>>().Value;
        if (settings.UserFrom != "email")
            return UserId.TryParse(context.User.FindFirst(SubjectClaim)?.Value, out id);
        // Another provider does not issue our user IDs. The ID is derived from the e-mail address, if the provider has verified it: many
        // providers accept any address unverified.
        id = default;
        return IsEmailVerified(context.User, settings)
            && context.User.FindFirst("email")?.Value is { } email
            && context.RequestServices.GetRequiredService<ForgeIds>().TryUser(email, out id);
    }

    private static bool IsEmailVerified(ClaimsPrincipal user, AuthenticationSettings settings)
    {
        var said = user.FindAll("email_verified").ToList();
        return said.Count == 0
            ? settings.EmailIsVerified
            : said.TrueForAll(claim => string.Equals(claim.Value, "true", StringComparison.OrdinalIgnoreCase));
    }
}
