using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Benchmarks.Pipelines;

/// <summary>
/// The tables that every pipeline writes besides its outbox and inbox: for each message of an order one business row when it is sent and
/// one effect row when it is handled.
/// </summary>
public class ChainDb(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        // Neither table has a unique natural key: a message that is handled twice leaves two rows, and the reconciliation finds them.
        modelBuilder.Entity<ChainStep>(step =>
        {
            step.ToTable("steps");
            step.Property(s => s.Id).HasColumnName("id").UseIdentityAlwaysColumn();
            step.Property(s => s.OrderId).HasColumnName("order_id");
            step.Property(s => s.Number).HasColumnName("number");
            step.Property(s => s.Content).HasColumnName("content");
        });
        modelBuilder.Entity<ChainEffect>(effect =>
        {
            effect.ToTable("effects");
            effect.Property(e => e.Id).HasColumnName("id").UseIdentityAlwaysColumn();
            effect.Property(e => e.OrderId).HasColumnName("order_id");
            effect.Property(e => e.Number).HasColumnName("number");
            effect.HasIndex(e => e.Id, "ix_effects_last").HasFilter($"number = {Chain.Length}");
        });
    }
}

/// <summary>A business row: the step of an order that the message announces.</summary>
public sealed class ChainStep
{
    public long Id { get; private set; }

    public required Guid OrderId { get; init; }

    public required int Number { get; init; }

    public string Content { get; init; } = Chain.Content;
}

/// <summary>An effect row: a message was handled.</summary>
public sealed class ChainEffect
{
    public long Id { get; private set; }

    public required Guid OrderId { get; init; }

    public required int Number { get; init; }
}

/// <summary>An order is a chain of eight messages: handling one of them sends the next.</summary>
public static class Chain
{
    public const int Length = 8;

    /// <summary>About the size of an order's row with its lines.</summary>
    public static readonly string Content = new('x', 200);

    /// <summary>Writes the effect of a message and, unless it is the last of its order, the next step.</summary>
    /// <returns>The number of the message to send next; null after the last one.</returns>
    public static int? Handle(ChainDb db, Guid orderId, int number)
    {
        db.Add(new ChainEffect { OrderId = orderId, Number = number });
        if (number == Length)
            return null;
        db.Add(new ChainStep { OrderId = orderId, Number = number + 1 });
        return number + 1;
    }
}
