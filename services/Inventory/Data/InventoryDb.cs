using ForgeShop.Forge.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ForgeShop.Inventory;

public sealed class InventoryDb(DbContextOptions<InventoryDb> options) : DbContext(options)
{
    public DbSet<Product> Products => Set<Product>();

    public DbSet<Reservation> Reservations => Set<Reservation>();

    public DbSet<StockMovement> Movements => Set<StockMovement>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.UseTypedIds(typeof(ProductId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Product>(Configure);
        modelBuilder.Entity<Reservation>(Configure);
        modelBuilder.Entity<StockMovement>(Configure);
        modelBuilder.AddMessaging();
    }

    private static void Configure(EntityTypeBuilder<Product> product)
    {
        // Constraints are the last safeguard: no piece is reserved twice and no stock is negative.
        product.ToTable(table => table.HasCheckConstraint("ck_products_stock", "reserved >= 0 and on_hand >= reserved"));
        // Ordered by bytes, so that pages by SKU do not depend on the server's locale.
        product.Property(p => p.Sku).UseCollation("C");
        product.ComplexProperty(p => p.Price, price =>
        {
            price.Property(m => m.Amount).HasColumnType("numeric(19,4)");
            price.Property(m => m.Currency).HasColumnType("character(3)");
        });
        // PostgreSQL's own row version: saving an outdated state fails, also after an update in plain SQL.
        product.Property<uint>("xmin").IsRowVersion();
        product.HasIndex(p => p.AnnounceAt).HasFilter("announce_at is not null");
        product.HasIndex(p => p.Sku).IsUnique();
    }

    private static void Configure(EntityTypeBuilder<StockMovement> movement)
    {
        movement.ToTable("stock_movements");
        // The unique key that deduplicates repeated requests.
        movement.HasKey(m => new { m.ProductId, m.UserId, m.Reference });
    }

    private static void Configure(EntityTypeBuilder<Reservation> reservation)
    {
        reservation.Property(r => r.Status)
            .HasConversion(status => status.ToName(), name => EnumNames.Parse<ReservationStatus>(name));
        reservation.OwnsMany(r => r.Lines, line =>
        {
            line.ToTable("reservation_lines");
            line.WithOwner().HasForeignKey("ReservationId").HasConstraintName("fk_reservation_lines_reservations");
            line.Property<ReservationId>("ReservationId");
            line.HasKey("ReservationId", nameof(ReservationLine.ProductId));
        });
        reservation.Navigation(r => r.Lines).UsePropertyAccessMode(PropertyAccessMode.Field);
    }
}
