using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ForgeShop.Users;

public sealed class UsersDb(DbContextOptions<UsersDb> options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();

    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    public DbSet<LoginFailures> LoginFailures => Set<LoginFailures>();

    /// <summary>The user, locked until the transaction ends: changes of one account follow each other.</summary>
    public Task<User?> LockUserAsync(UserId id, CancellationToken cancellationToken) =>
        Users.FromSql($"select * from users where id = {id.Value} for update").SingleOrDefaultAsync(cancellationToken);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.UseTypedIds(typeof(UserId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<User>(Configure);
        modelBuilder.Entity<Session>(Configure);
        modelBuilder.Entity<RefreshToken>(Configure);
        modelBuilder.Entity<SigningKey>(Configure);
        modelBuilder.Entity<LoginFailures>(Configure);
        modelBuilder.AddMessaging();
    }

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

    private static void Configure(EntityTypeBuilder<Session> session)
    {
        session.ToTable("sessions");
        session.HasKey(s => s.Id).HasName("pk_sessions");
        session.Property(s => s.Id).HasColumnName("id");
        session.Property(s => s.UserId).HasColumnName("user_id");
        session.Property(s => s.IssuedAt).HasColumnName("issued_at");
        session.Property(s => s.ExpiresAt).HasColumnName("expires_at");
        session.Property(s => s.EndedAt).HasColumnName("ended_at");
        session.Property(s => s.EndReason).HasColumnName("end_reason");
        session.HasIndex(s => s.UserId).HasDatabaseName("ix_sessions_user_id");
        session.HasIndex(s => s.ExpiresAt).HasDatabaseName("ix_sessions_expires_at");
        session.HasOne<User>().WithMany().HasForeignKey(s => s.UserId).HasConstraintName("fk_sessions_user").OnDelete(DeleteBehavior.Cascade);
    }

    private static void Configure(EntityTypeBuilder<RefreshToken> token)
    {
        token.ToTable("refresh_tokens");
        token.HasKey(t => t.Hash).HasName("pk_refresh_tokens");
        token.Property(t => t.Hash).HasColumnName("hash").ValueGeneratedNever();
        token.Property(t => t.SessionId).HasColumnName("session_id");
        token.Property(t => t.ExpiresAt).HasColumnName("expires_at");
        token.Property(t => t.UsedAt).HasColumnName("used_at");
        token.HasIndex(t => t.SessionId).HasDatabaseName("ix_refresh_tokens_session_id");
        token.HasOne<Session>().WithMany().HasForeignKey(t => t.SessionId).HasConstraintName("fk_refresh_tokens_session").OnDelete(DeleteBehavior.Cascade);
    }

    private static void Configure(EntityTypeBuilder<SigningKey> key)
    {
        key.ToTable("signing_keys");
        key.HasKey(k => k.Id).HasName("pk_signing_keys");
        key.Property(k => k.Id).HasColumnName("id").ValueGeneratedNever();
        key.Property(k => k.X).HasColumnName("x");
        key.Property(k => k.Y).HasColumnName("y");
        key.Property(k => k.ProtectedPrivateKey).HasColumnName("protected_private_key");
        key.Property(k => k.CreatedAt).HasColumnName("created_at");
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
