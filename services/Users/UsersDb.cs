using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ForgeShop.Users;

public sealed class UsersDb(DbContextOptions<UsersDb> options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.UseTypedIds(typeof(UserId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<User>(Configure);
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
        user.Property(u => u.CreatedAt).HasColumnName("created_at");
        user.Property(u => u.Version).HasColumnName("version").IsConcurrencyToken();
        user.Property(u => u.LastSequence).HasColumnName("last_sequence");
        // The ID is derived from the address, so this can only fail together with the primary key: unless somebody changed
        // the algorithm or the secret under existing accounts, and then it must.
        user.HasIndex(u => u.Email).IsUnique().HasDatabaseName("ix_users_email");
    }
}
