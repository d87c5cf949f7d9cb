using ForgeShop.Forge.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ForgeShop.Notifications;

public sealed class NotificationsDb(DbContextOptions<NotificationsDb> options) : DbContext(options)
{
    public DbSet<Notification> Notifications => Set<Notification>();

    public DbSet<KnownUser> Users => Set<KnownUser>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.UseTypedIds(typeof(NotificationId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Notification>(Configure);
        modelBuilder.Entity<KnownUser>(Configure);
        modelBuilder.AddMessaging();
    }

    private static void Configure(EntityTypeBuilder<Notification> notification)
    {
        notification.ToTable("notifications");
        // The order of the list, which is read backwards: the latest first.
        notification.HasIndex(n => new { n.UserId, n.CreatedAt, n.Id });
    }

    private static void Configure(EntityTypeBuilder<KnownUser> user)
    {
        user.ToTable("users");
    }
}
