using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using ForgeShop.Messaging;
using ForgeShop.Orders.Checkout;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ForgeShop.Orders;

public sealed class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
{
    private static readonly ValueConverter<OrderStatus, string> Status = new(status => status.ToName(), name => OrderStatuses.Parse(name));
    private static readonly ValueConverter<CancelReason, string> Reason = new(reason => reason.ToName(), name => CancelReasons.Parse(name));

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<CheckoutSaga> Sagas => Set<CheckoutSaga>();

    public DbSet<ProductCopy> Products => Set<ProductCopy>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.UseTypedIds(typeof(OrderId).Assembly);

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
        order.HasKey(o => o.Id).HasName("pk_orders");
        order.Property(o => o.Id).HasColumnName("id");
        order.Property(o => o.UserId).HasColumnName("user_id");
        order.Property(o => o.Reference).HasColumnName("reference");
        order.Property(o => o.Fingerprint).HasColumnName("fingerprint");
        order.Property(o => o.PaymentMethod).HasColumnName("payment_method");
        order.Property(o => o.Status).HasColumnName("status").HasConversion(Status);
        order.Property(o => o.Reason).HasColumnName("reason").HasConversion(Reason);
        order.Property(o => o.PlacedAt).HasColumnName("placed_at");
        order.Property(o => o.ConfirmedAt).HasColumnName("confirmed_at");
        order.Property(o => o.Version).HasColumnName("version").IsConcurrencyToken();
        order.Property(o => o.LastSequence).HasColumnName("last_sequence");
        order.ComplexProperty(o => o.Total, total =>
        {
            total.Property(m => m.Amount).HasColumnName("total_amount").HasColumnType("numeric(19,4)");
            total.Property(m => m.Currency).HasColumnName("total_currency").HasColumnType("character(3)");
        });
        order.HasMany(o => o.Lines).WithOne().HasForeignKey("OrderId").HasConstraintName("fk_order_lines_orders");
        order.Navigation(o => o.Lines).UsePropertyAccessMode(PropertyAccessMode.Field).AutoInclude();
        order.HasMany(o => o.Changes).WithOne().HasForeignKey(c => c.OrderId).HasConstraintName("fk_order_history_orders");
        order.Navigation(o => o.Changes).UsePropertyAccessMode(PropertyAccessMode.Field);
        order.HasIndex(o => new { o.UserId, o.PlacedAt, o.Id }).HasDatabaseName("ix_orders_user_id_placed_at_id");
    }

    private static void Configure(EntityTypeBuilder<OrderChange> change)
    {
        change.ToTable("order_history");
        change.HasKey(c => new { c.OrderId, c.Version }).HasName("pk_order_history");
        change.Property(c => c.OrderId).HasColumnName("order_id");
        change.Property(c => c.Version).HasColumnName("version").ValueGeneratedNever();
        change.Property(c => c.Status).HasColumnName("status").HasConversion(Status);
        change.Property(c => c.Reason).HasColumnName("reason").HasConversion(Reason);
        change.Property(c => c.At).HasColumnName("at");
    }

    private static void Configure(EntityTypeBuilder<CheckoutSaga> saga)
    {
        saga.ToTable("sagas");
        saga.HasKey(s => s.Id).HasName("pk_sagas");
        saga.Property(s => s.Id).HasColumnName("id");
        saga.Property(s => s.OrderId).HasColumnName("order_id");
        saga.Property(s => s.Step).HasColumnName("step").HasConversion(step => step.ToString().ToLowerInvariant(), name => Enum.Parse<CheckoutStep>(name, true));
        saga.Property(s => s.ReservationCommands).HasColumnName("reservation_commands");
        saga.Property(s => s.PaymentCommands).HasColumnName("payment_commands");
        saga.Property(s => s.DueAt).HasColumnName("due_at");
        saga.Property(s => s.Resends).HasColumnName("resends");
        saga.Property(s => s.StartedAt).HasColumnName("started_at");
        saga.Property(s => s.EndedAt).HasColumnName("ended_at");
        saga.ComplexProperty(s => s.Origin, origin => origin.MapOrigin());
        saga.Property<uint>("xmin").IsRowVersion();
        // Only sagas that wait are in the index, so it stays small.
        saga.HasIndex(s => s.DueAt).HasFilter("due_at is not null").HasDatabaseName("ix_sagas_due_at");
    }

    private static void Configure(EntityTypeBuilder<OrderLine> line)
    {
        line.ToTable("order_lines");
        line.HasKey(l => l.Id).HasName("pk_order_lines");
        line.Property(l => l.Id).HasColumnName("id");
        line.Property<OrderId>("OrderId").HasColumnName("order_id");
        line.Property(l => l.Position).HasColumnName("position");
        line.Property(l => l.ProductId).HasColumnName("product_id");
        line.Property(l => l.Sku).HasColumnName("sku");
        line.Property(l => l.Name).HasColumnName("name");
        line.Property(l => l.Quantity).HasColumnName("quantity");
        line.ComplexProperty(l => l.UnitPrice, price =>
        {
            price.Property(m => m.Amount).HasColumnName("unit_price_amount").HasColumnType("numeric(19,4)");
            price.Property(m => m.Currency).HasColumnName("unit_price_currency").HasColumnType("character(3)");
        });
        line.HasIndex("OrderId").HasDatabaseName("ix_order_lines_order_id");
    }

    private static void Configure(EntityTypeBuilder<ProductCopy> product)
    {
        product.ToTable("products");
        product.HasKey(p => p.Id).HasName("pk_products");
        product.Property(p => p.Id).HasColumnName("id");
        product.Property(p => p.Sku).HasColumnName("sku");
        product.Property(p => p.Name).HasColumnName("name");
        product.ComplexProperty(p => p.Price, price =>
        {
            price.Property(m => m.Amount).HasColumnName("price_amount").HasColumnType("numeric(19,4)");
            price.Property(m => m.Currency).HasColumnName("price_currency").HasColumnType("character(3)");
        });
        product.Property(p => p.Sequence).HasColumnName("sequence");
    }
}
