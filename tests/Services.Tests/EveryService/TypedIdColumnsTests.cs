using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace ForgeShop.Services.Tests;

/// <summary>The mapping of typed IDs by one line in ConfigureConventions.</summary>
public sealed class TypedIdColumnsTests
{
    private sealed record Parcel
    {
        public ReservationId Id { get; init; }
        public OrderId OrderId { get; init; }
        public PaymentId? Payment { get; init; }
        public Seal Seal { get; init; } = new();
        public Guid Weighing { get; init; }
    }

    private sealed record Seal
    {
        public UserId By { get; init; }
    }

    private sealed class ParcelsDb : DbContext
    {
        public DbSet<Parcel> Parcels => Set<Parcel>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseNpgsql("Host=none");

        protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
            configurationBuilder.UseTypedIds(typeof(UserId).Assembly);

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Parcel>().ComplexProperty(parcel => parcel.Seal);
            modelBuilder.Entity<Parcel>().Property<UserId?>("Courier");
            modelBuilder.Entity<Parcel>().Property(parcel => parcel.OrderId)
                .HasConversion(id => id.ToString(), text => OrderId.Parse(text));
        }
    }

    [Fact]
    public void Typed_ID_is_a_uuid_column_without_value_generation()
    {
        using var db = new ParcelsDb();
        var parcel = db.Model.FindEntityType(typeof(Parcel))!;

        foreach (
            var property in new IReadOnlyProperty[] { parcel.FindProperty("Id")!, parcel.FindProperty("Payment")!,
            parcel.FindProperty("Courier")!, parcel.FindComplexProperty("Seal")!.ComplexType.FindProperty("By")! })
        {
            property.GetColumnType().ShouldBe("uuid", property.Name);
            property.ValueGenerated.ShouldBe(ValueGenerated.Never, property.Name);
        }
        parcel.FindPrimaryKey()!.Properties.Single().Name.ShouldBe("Id");
        parcel.FindProperty("Payment")!.IsNullable.ShouldBeTrue();
        parcel.FindProperty("Id")!.IsNullable.ShouldBeFalse();
        parcel.FindProperty("OrderId")!.GetColumnType().ShouldBe("text", "a model may say otherwise");
        parcel.FindProperty("Weighing")!.GetValueConverter().ShouldBeNull();
    }

    [Fact]
    public void Queries_compare_typed_IDs_as_uuids()
    {
        using var db = new ParcelsDb();
        var (id, payments) = (
            ReservationId.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a"), new[] { PaymentId.Parse("7e558d62-0221-5a98-9949-a65bfd2da23e") });

        db.Parcels.Where(parcel => parcel.Id == id).Select(parcel => parcel.Id).ToQueryString()
            .ShouldContain("-- @id='6e16f6c3-de6b-55c3-80ba-75907720bb8a'");
        db.Parcels.Where(parcel => payments.Contains(parcel.Payment!.Value)).ToQueryString().ShouldContain("= ANY (@payments)");
    }
}
