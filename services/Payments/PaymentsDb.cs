using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using ForgeShop.Messaging;
using ForgeShop.Payments.Provider;
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
        // Two statements: in raw SQL, EF Core expects the columns of a complex property under other names.
        await Database.ExecuteSqlAsync($"select 1 from payments where id = any({values}) order by id for update", cancellationToken);
        return await Payments.Where(payment => ids.Contains(payment.Id)).ToDictionaryAsync(payment => payment.Id, cancellationToken);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.UseTypedIds(typeof(PaymentId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Payment>(Configure);
        modelBuilder.Entity<SimulatedCharge>(Configure);
        modelBuilder.AddMessaging();
    }

    private static void Configure(EntityTypeBuilder<Payment> payment)
    {
        payment.ToTable("payments");
        payment.HasKey(p => p.Id).HasName("pk_payments");
        payment.Property(p => p.Id).HasColumnName("id");
        payment.Property(p => p.OrderId).HasColumnName("order_id");
        payment.Property(p => p.Attempt).HasColumnName("attempt");
        payment.ComplexProperty(p => p.Amount, amount =>
        {
            amount.Property(m => m.Amount).HasColumnName("amount").HasColumnType("numeric(19,4)");
            amount.Property(m => m.Currency).HasColumnName("currency").HasColumnType("character(3)");
        });
        payment.Property(p => p.Method).HasColumnName("method");
        payment.Property(p => p.Status).HasColumnName("status").HasConversion(status => status.ToString().ToLowerInvariant(), name => Enum.Parse<PaymentStatus>(name, true));
        payment.Property(p => p.ValidUntil).HasColumnName("valid_until");
        payment.Property(p => p.ChangedAt).HasColumnName("changed_at");
        payment.Property(p => p.ChargedAt).HasColumnName("charged_at");
        payment.Property(p => p.NextCallAt).HasColumnName("next_call_at");
        payment.Property(p => p.FirstCallAt).HasColumnName("first_call_at");
        payment.Property(p => p.ClaimedUntil).HasColumnName("claimed_until");
        payment.Property(p => p.Failures).HasColumnName("failures");
        payment.ComplexProperty(p => p.Origin, origin => origin.MapOrigin());
        payment.Property(p => p.LastSequence).HasColumnName("last_sequence");
        payment.Property<uint>("xmin").IsRowVersion();
        payment.HasIndex(p => p.OrderId).HasDatabaseName("ix_payments_order_id");
        // Only payments that need a call are in the index, so it stays small.
        payment.HasIndex(p => p.NextCallAt).HasFilter("next_call_at is not null").HasDatabaseName("ix_payments_next_call_at");
    }

    /// <summary>The store of the simulated provider. A real provider keeps it behind its API.</summary>
    private static void Configure(EntityTypeBuilder<SimulatedCharge> charge)
    {
        charge.ToTable("charges", "simulated_provider");
        charge.HasKey(c => c.PaymentId).HasName("pk_charges");
        charge.Property(c => c.PaymentId).HasColumnName("payment_id").ValueGeneratedNever();
        charge.Property(c => c.State).HasColumnName("state");
        charge.Property(c => c.Amount).HasColumnName("amount").HasColumnType("numeric(19,4)");
        charge.Property(c => c.Currency).HasColumnName("currency").HasColumnType("character(3)");
        charge.Property(c => c.Captures).HasColumnName("captures");
        charge.Property(c => c.ChangedAt).HasColumnName("changed_at");
    }
}
