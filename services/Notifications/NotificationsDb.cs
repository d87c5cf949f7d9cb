using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;
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
        notification.HasKey(n => n.Id).HasName("pk_notifications");
        notification.Property(n => n.Id).HasColumnName("id");
        notification.Property(n => n.UserId).HasColumnName("user_id");
        notification.Property(n => n.Kind).HasColumnName("kind");
        notification.Property(n => n.Reference).HasColumnName("reference");
        notification.Property(n => n.Text).HasColumnName("text");
        notification.Property(n => n.Channel).HasColumnName("channel");
        notification.Property(n => n.State).HasColumnName("state");
        notification.Property(n => n.CreatedAt).HasColumnName("created_at");
        notification.Property(n => n.LastSequence).HasColumnName("last_sequence");
        // The order of the list, which is read backwards: the latest first.
        notification.HasIndex(n => new { n.UserId, n.CreatedAt, n.Id }).HasDatabaseName("ix_notifications_user_id_created_at_id");
    }

    private static void Configure(EntityTypeBuilder<KnownUser> user)
    {
        user.ToTable("users");
        user.HasKey(u => u.Id).HasName("pk_users");
        user.Property(u => u.Id).HasColumnName("id");
        user.Property(u => u.Name).HasColumnName("name");
        user.Property(u => u.Sequence).HasColumnName("sequence");
    }
}
