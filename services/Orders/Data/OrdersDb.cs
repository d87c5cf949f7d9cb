using ForgeShop.Forge.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ForgeShop.Orders;

public sealed class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
{
    private static readonly ValueConverter<OrderStatus, string> Status = new(
        status => status.ToName(), name => EnumNames.Parse<OrderStatus>(name));
    private static readonly ValueConverter<CancelReason, string> Reason = new(
        reason => reason.ToName(), name => EnumNames.Parse<CancelReason>(name));

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<CheckoutSaga> Sagas => Set<CheckoutSaga>();

    public DbSet<ProductCopy> Products => Set<ProductCopy>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.UseTypedIds(typeof(OrderId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Order>(Configure);
        modelBuilder.Entity<OrderLine>(Configure);
        modelBuilder.Entity<OrderChange>(Configure);
        modelBuilder.Entity<CheckoutSaga>(Configure);
        modelBuilder.Entity<ProductCopy>(Configure);
        modelBuilder.AddMessaging();
    }

    private static void Configure(EntityTypeBuilder<Order> order)
    {
        order.ToTable("orders");
        order.Property(o => o.Status).HasConversion(Status);
        order.Property(o => o.Reason).HasConversion(Reason);
        order.Property(o => o.Version).IsConcurrencyToken();
        order.ComplexProperty(o => o.Total, total => ConfigureMoney(total, "total"));
        order.HasMany(o => o.Lines).WithOne().HasForeignKey("OrderId").HasConstraintName("fk_order_lines_orders");
        order.Navigation(o => o.Lines).UsePropertyAccessMode(PropertyAccessMode.Field).AutoInclude();
        order.HasMany(o => o.Changes).WithOne().HasForeignKey(c => c.OrderId).HasConstraintName("fk_order_history_orders");
        order.Navigation(o => o.Changes).UsePropertyAccessMode(PropertyAccessMode.Field);
        order.HasIndex(o => new { o.UserId, o.PlacedAt, o.Id });
    }

    private static void Configure(EntityTypeBuilder<OrderChange> change)
    {
        change.ToTable("order_history");
        change.HasKey(c => new { c.OrderId, c.Version });
        change.Property(c => c.Version).ValueGeneratedNever();
        change.Property(c => c.Status).HasConversion(Status);
        change.Property(c => c.Reason).HasConversion(Reason);
    }

    private static void Configure(EntityTypeBuilder<CheckoutSaga> saga)
    {
        saga.ToTable("sagas");
        saga.Property(s => s.Step).HasConversion(step => step.ToName(), name => EnumNames.Parse<CheckoutStep>(name));
        saga.ComplexProperty(s => s.Origin, origin => origin.MapOrigin());
        saga.Property<uint>("xmin").IsRowVersion();
        // Only sagas that wait are in the index, so it stays small.
        saga.HasIndex(s => s.DueAt).HasFilter("due_at is not null");
    }

    private static void Configure(EntityTypeBuilder<OrderLine> line)
    {
        line.ToTable("order_lines");
        line.Property<OrderId>("OrderId");
        line.ComplexProperty(l => l.UnitPrice, price => ConfigureMoney(price, "unit_price"));
        line.HasIndex("OrderId");
    }

    private static void Configure(EntityTypeBuilder<ProductCopy> product)
    {
        product.ToTable("products");
        product.ComplexProperty(p => p.Price, price => ConfigureMoney(price, "price"));
    }

    private static void ConfigureMoney(ComplexPropertyBuilder<Money> money, string prefix)
    {
        money.Property(m => m.Amount).HasColumnName($"{prefix}_amount").HasColumnType("numeric(19,4)");
        money.Property(m => m.Currency).HasColumnName($"{prefix}_currency").HasColumnType("character(3)");
    }
}
