using ForgeShop.Forge.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenIddict.EntityFrameworkCore.Models;

namespace ForgeShop.Users;

public sealed class UsersDb(DbContextOptions<UsersDb> options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();

    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    public DbSet<LoginFailures> LoginFailures => Set<LoginFailures>();

    /// <summary>Returns the user, locked until the transaction ends, so that changes of one account are serialized.</summary>
    public Task<User?> LockUserAsync(UserId id, CancellationToken cancellationToken) =>
        Users.FromSql($"select * from users where id = {id.Value} for update").SingleOrDefaultAsync(cancellationToken);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.UseTypedIds(typeof(UserId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<User>(Configure);
        modelBuilder.Entity<LoginFailures>().HasKey(failures => failures.Key);
        modelBuilder.Entity<LoginFailures>().HasIndex(failures => failures.LastAt);
        modelBuilder.UseOpenIddict<Guid>();
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreApplication<Guid>>().ToTable("clients");
        // A password change revokes the sessions of a user, and OpenIddict's own index begins with the client.
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreAuthorization<Guid>>().ToTable("sessions").HasIndex(session => session.Subject);
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreScope<Guid>>().ToTable("scopes");
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreToken<Guid>>().ToTable("tokens");
        modelBuilder.AddMessaging();
    }

    private static void Configure(EntityTypeBuilder<User> user)
    {
        user.Property(u => u.Role).HasConversion(role => role.ToName(), name => EnumNames.Parse<Role>(name))
            .HasDefaultValue(Role.Customer).HasSentinel((Role)(-1));
        user.Property(u => u.Version).IsConcurrencyToken();
        // The ID is derived from the address, so this index fails only together with the primary key. It fails alone if the algorithm or
        // the secret was changed for existing accounts, which must not pass.
        user.HasIndex(u => u.Email).IsUnique();
    }
}
