using ForgeShop.Forge.EntityFrameworkCore;

namespace ForgeShop.Notifications;

public sealed class NotificationsDb(DbContextOptions<NotificationsDb> options) : DbContext(options)
{
    public DbSet<Notification> Notifications => Set<Notification>();

    public DbSet<KnownUser> Users => Set<KnownUser>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.UseTypedIds(typeof(NotificationId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        // The order of the list, which is read backwards: the latest first.
        modelBuilder.Entity<Notification>().HasIndex(notification => new { notification.UserId, notification.CreatedAt, notification.Id });
        modelBuilder.AddMessaging();
    }
}
