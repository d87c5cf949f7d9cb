using ForgeShop.Contracts.Audit;
using static ForgeShop.Auditing.AuditedTable;

namespace ForgeShop.Users;

/// <summary>The accounts and their cache in the audit.</summary>
internal static class UsersAudit
{
    public static IServiceCollection AddUsersAudit(this IServiceCollection services) => services
        .AddOutboxAudit<UsersDb>()
        .AddAuditedTable<UsersDb>(new(new("users", "users", "postgresql") { IsAuthority = true }, "users")
        {
            Key = [("key", "email")],
            Events = "last_sequence",
            Hashes = [("profile", ["name"]), ("view", ["id", "email", "name", Time("created_at")])],
        })
        .AddAuditedCache<CachedUser>("users", "user", cached => new(cached.User.Id.Value)
        {
            Key = new Dictionary<string, string> { ["key"] = cached.User.Email },
            Hashes = new Dictionary<string, string>
            {
                ["view"] = ContentHash.Of(
                    cached.User.Id.ToString(), cached.User.Email, cached.User.Name, ContentHash.Time(cached.User.CreatedAt)),
            },
        });
}
