using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenIddict.EntityFrameworkCore.Models;

namespace ForgeShop.Users;

public sealed class UsersDb(DbContextOptions<UsersDb> options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();

    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    public DbSet<LoginFailures> LoginFailures => Set<LoginFailures>();

    /// <summary>The user, locked until the transaction ends: changes of one account follow each other.</summary>
    public Task<User?> LockUserAsync(UserId id, CancellationToken cancellationToken) =>
        Users.FromSql($"select * from users where id = {id.Value} for update").SingleOrDefaultAsync(cancellationToken);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.UseTypedIds(typeof(UserId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<User>(Configure);
        modelBuilder.Entity<SigningKey>(Configure);
        modelBuilder.Entity<LoginFailures>(Configure);
        modelBuilder.UseOpenIddict<Guid>();
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreApplication<Guid>>().ToTable("clients");
        // A password change revokes the sessions of a user, and OpenIddict's own index begins with the client.
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreAuthorization<Guid>>().ToTable("sessions").HasIndex(session => session.Subject);
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreScope<Guid>>().ToTable("scopes");
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreToken<Guid>>().ToTable("tokens");
        foreach (var property in modelBuilder.Model.GetEntityTypes().Where(IsOpenIddicts).SelectMany(entity => entity.GetProperties()))
            property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        modelBuilder.AddMessaging();
    }

    private static bool IsOpenIddicts(IMutableEntityType entity) =>
        entity.ClrType.Namespace == typeof(OpenIddictEntityFrameworkCoreToken).Namespace;

    private static void Configure(EntityTypeBuilder<User> user)
    {
        user.ToTable("users");
        user.HasKey(u => u.Id).HasName("pk_users");
        user.Property(u => u.Id).HasColumnName("id");
        user.Property(u => u.Email).HasColumnName("email");
        user.Property(u => u.Name).HasColumnName("name");
        user.Property(u => u.PasswordHash).HasColumnName("password_hash");
        user.Property(u => u.Role).HasColumnName("role").HasConversion(role => role.ToName(), name => Roles.FromName(name)).HasDefaultValue(Role.Customer).HasSentinel((Role)(-1));
        user.Ignore(u => u.Permissions);
        user.Property(u => u.DeactivatedAt).HasColumnName("deactivated_at");
        user.Property(u => u.CreatedAt).HasColumnName("created_at");
        user.Property(u => u.Version).HasColumnName("version").IsConcurrencyToken();
        user.Property(u => u.LastSequence).HasColumnName("last_sequence");
        // The ID is derived from the address, so this can only fail together with the primary key: unless somebody changed
        // the algorithm or the secret under existing accounts, and then it must.
        user.HasIndex(u => u.Email).IsUnique().HasDatabaseName("ix_users_email");
    }

    private static void Configure(EntityTypeBuilder<SigningKey> key)
    {
        key.ToTable("signing_keys");
        key.HasKey(k => k.Id).HasName("pk_signing_keys");
        key.Property(k => k.Id).HasColumnName("id").ValueGeneratedNever();
        key.Property(k => k.PublicKey).HasColumnName("public_key");
        key.Property(k => k.ProtectedPrivateKey).HasColumnName("protected_private_key");
        key.Property(k => k.SignsFrom).HasColumnName("signs_from");
    }

    private static void Configure(EntityTypeBuilder<LoginFailures> failures)
    {
        failures.ToTable("login_failures");
        failures.HasKey(f => f.Key).HasName("pk_login_failures");
        failures.Property(f => f.Key).HasColumnName("key").ValueGeneratedNever();
        failures.Property(f => f.Count).HasColumnName("count");
        failures.Property(f => f.LastAt).HasColumnName("last_at");
        failures.HasIndex(f => f.LastAt).HasDatabaseName("ix_login_failures_last_at");
    }
}
