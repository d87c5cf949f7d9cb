using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;

namespace ForgeShop.Inventory;

/// <summary>A product and its stock. What is on hand and not reserved is available, and only that is shown and sold.</summary>
public sealed class Product : IEventSource
{
    private Product()
    {
    }

    /// <summary>Derived from <see cref="Sku"/>.</summary>
    public ProductId Id { get; private set; }

    /// <summary>Normalised; the product's name for good.</summary>
    public string Sku { get; private set; } = "";

    public string Name { get; private set; } = "";

    public Money Price { get; private set; }

    public int OnHand { get; private set; }

    public int Reserved { get; private set; }

    public int Available => OnHand - Reserved;

    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>When to announce what orders took and gave back; null if all of it is announced.</summary>
    public DateTimeOffset? AnnounceAt { get; private set; }

    public long LastSequence { get; set; }

    Guid IEventSource.AggregateId => Id.Value;

    public static Product New(ProductId id, string sku) => new() { Id = id, Sku = sku };

    /// <summary>Sets what the catalogue says; what is reserved stays reserved. False when all of it was so already.</summary>
    public bool Set(string name, Money price, int available, DateTimeOffset now)
    {
        if (LastSequence > 0 && name == Name && price == Price && available == Available)
            return false;
        (Name, Price, OnHand, ChangedAt) = (name, price, available + Reserved, now);
        AnnounceAt = null;
        return true;
    }

    public ProductChanged Changed() => new(Id, Sku, Name, Price, Available, ChangedAt);

    /// <summary>What orders changed since the last announcement.</summary>
    public ProductChanged Announce(DateTimeOffset now)
    {
        (ChangedAt, AnnounceAt) = (now, null);
        return Changed();
    }
}
