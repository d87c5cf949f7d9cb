using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ForgeShop.Payments;

public sealed class PaymentsDb(DbContextOptions<PaymentsDb> options) : DbContext(options)
{
    public DbSet<Payment> Payments => Set<Payment>();

    /// <summary>Locks payments in the order of their IDs, so that two transactions cannot deadlock, and reads them.</summary>
    public async Task<Dictionary<PaymentId, Payment>> LockPaymentsAsync(IReadOnlyList<PaymentId> ids, CancellationToken cancellationToken)
    {
        var values = ids.Select(id => id.Value).ToArray();
        // Two statements: for raw SQL, EF Core expects other column names of a complex property.
        await Database.ExecuteSqlAsync($"select 1 from payments where id = any({values}) order by id for update", cancellationToken);
        return await Payments.Where(payment => ids.Contains(payment.Id)).ToDictionaryAsync(payment => payment.Id, cancellationToken);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.UseTypedIds(typeof(PaymentId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Payment>(Configure);
        modelBuilder.Entity<SimulatedCharge>(Configure);
        modelBuilder.AddMessaging();
    }

    private static void Configure(EntityTypeBuilder<Payment> payment)
    {
        payment.ToTable("payments");
        payment.ComplexProperty(p => p.Amount, amount =>
        {
            amount.Property(m => m.Amount).HasColumnName("amount").HasColumnType("numeric(19,4)");
            amount.Property(m => m.Currency).HasColumnName("currency").HasColumnType("character(3)");
        });
        payment.Property(p => p.Status)
            .HasConversion(status => status.ToString().ToLowerInvariant(), name => Enum.Parse<PaymentStatus>(name, true));
        payment.ComplexProperty(p => p.Origin, origin => origin.MapOrigin());
        payment.Property<uint>("xmin").IsRowVersion();
        payment.HasIndex(p => p.OrderId);
        // Only payments that need a call are in the index, so it stays small.
        payment.HasIndex(p => p.NextCallAt).HasFilter("next_call_at is not null");
    }

    /// <summary>The store of the simulated provider. A real provider keeps it behind its API.</summary>
    private static void Configure(EntityTypeBuilder<SimulatedCharge> charge)
    {
        charge.ToTable("charges", "simulated_provider");
        charge.HasKey(c => c.PaymentId);
        charge.Property(c => c.PaymentId).ValueGeneratedNever();
        charge.Property(c => c.Amount).HasColumnType("numeric(19,4)");
        charge.Property(c => c.Currency).HasColumnType("character(3)");
    }
}
