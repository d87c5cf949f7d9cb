using ForgeShop.Forge.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ForgeShop.Payments;

public sealed class PaymentsDb(DbContextOptions<PaymentsDb> options) : DbContext(options)
{
    public DbSet<Payment> Payments => Set<Payment>();

    public DbSet<LedgerEntry> Ledger => Set<LedgerEntry>();

    /// <summary>
    /// Locks payments in the order of their IDs, so that two transactions cannot deadlock, reads them and verifies their IDs.
    /// </summary>
    public async Task<Dictionary<PaymentId, Payment>> LockPaymentsAsync(
        IReadOnlyList<PaymentId> wanted, ForgeIds ids, CancellationToken cancellationToken)
    {
        var values = wanted.Select(id => id.Value).ToArray();
        // Two statements: for raw SQL, EF Core expects other column names of a complex property.
        await Database.ExecuteSqlAsync($"select 1 from payments where id = any({values}) order by id for update", cancellationToken);
        var payments = await Payments.Where(payment => wanted.Contains(payment.Id))
            .ToDictionaryAsync(payment => payment.Id, cancellationToken);
        foreach (var payment in payments.Values)
            ids.Verify(payment.Id, payment.OrderId, payment.Attempt);
        return payments;
    }

    /// <summary>Writes the changes and appends the ledger entries of changed payments.</summary>
    /// <exception cref="InvalidOperationException">There is no transaction, which both need.</exception>
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        var appended = ChangeTracker.Entries<Payment>().SelectMany(payment => payment.Entity.TakeAppended()).ToList();
        if (appended.Count > 0 && Database.CurrentTransaction is null)
            throw new InvalidOperationException("A payment and its ledger entries are stored in one transaction.");
        var written = await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        if (appended.Count > 0)
            await AppendAsync(appended, cancellationToken);
        return written;
    }

    /// <summary>Appends entries to the ledger: one statement, whatever their number is.</summary>
    private Task AppendAsync(IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken)
    {
        T[] Column<T>(Func<LedgerEntry, T> value) => [.. entries.Select(value)];
        return Database.ExecuteSqlAsync(
            $"""
            insert into ledger (payment_id, version, kind, amount, at)
            select * from unnest({Column(e => e.PaymentId.Value)}, {Column(e => e.Version)}, {Column(e => NameOf(e.Kind))},
                {Column(e => e.Amount)}, {Column(e => e.At)})
            """,
            cancellationToken);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.UseTypedIds(typeof(PaymentId).Assembly);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Payment>(Configure);
        modelBuilder.Entity<LedgerEntry>(Configure);
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
        // The columns of the state are the snapshot of the ledger.
        payment.Ignore(p => p.State);
        payment.Property(p => p.ChargedAmount).HasColumnType("numeric(19,4)");
        payment.Property(p => p.RefundedAmount).HasColumnType("numeric(19,4)");
        payment.ComplexProperty(p => p.Origin, origin => origin.MapOrigin());
        payment.Property<uint>("xmin").IsRowVersion();
        payment.HasIndex(p => p.OrderId);
        // Only payments that need a call are in the index, so it stays small.
        payment.HasIndex(p => p.NextCallAt).HasFilter("next_call_at is not null");
    }

    private static void Configure(EntityTypeBuilder<LedgerEntry> entry)
    {
        entry.ToTable("ledger");
        entry.HasKey(e => new { e.PaymentId, e.Version });
        entry.Property(e => e.Version).ValueGeneratedNever();
        entry.Property(e => e.Kind).HasConversion(kind => NameOf(kind), name => Enum.Parse<LedgerEntryKind>(name, true));
        entry.Property(e => e.Amount).HasColumnType("numeric(19,4)");
    }

    private static string NameOf(LedgerEntryKind kind) => kind.ToString().ToLowerInvariant();

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
