namespace ForgeShop.Inventory;

/// <summary>A product and its stock. Available are the pieces on hand that are not reserved; the shop shows and sells only these.</summary>
public sealed class Product : IEventSource
{
    /// <summary>The time during which changes of availability are collected before they are announced together.</summary>
    public static readonly TimeSpan AnnouncementDelay = TimeSpan.FromSeconds(1);

    private Product()
    {
    }

    /// <summary>Derived from <see cref="Sku"/>.</summary>
    public ProductId Id { get; private set; }

    /// <summary>In canonical form. It never changes.</summary>
    public string Sku { get; private set; } = "";

    public string Name { get; private set; } = "";

    public Money Price { get; private set; }

    public int OnHand { get; private set; }

    public int Reserved { get; private set; }

    public int Available => OnHand - Reserved;

    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>The due time of the next announcement; null if availability has not changed since the last one.</summary>
    public DateTimeOffset? AnnounceAt { get; private set; }

    public long LastSequence { get; set; }

    Guid IEventSource.AggregateId => Id.Value;

    public static Product New(ProductId id, string sku) => new() { Id = id, Sku = sku };

    /// <summary>Sets the catalogue data and the available quantity; reserved pieces stay reserved.</summary>
    /// <returns>False if nothing changes.</returns>
    public bool Set(string name, Money price, int available, DateTimeOffset now)
    {
        if (LastSequence > 0 && name == Name && price == Price && available == Available)
            return false;
        (Name, Price, OnHand, ChangedAt, AnnounceAt) = (name, price, available + Reserved, now, null);
        return true;
    }

    /// <summary>Adds pieces to the stock, or takes some out.</summary>
    public void Move(int change, DateTimeOffset now)
    {
        SetStock(OnHand + change, Reserved);
        (ChangedAt, AnnounceAt) = (now, null);
    }

    public void Reserve(int quantity, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(quantity);
        SetStock(OnHand, Reserved + quantity);
        AnnounceAt ??= now + AnnouncementDelay;
    }

    /// <summary>Makes reserved pieces available again.</summary>
    public void Release(int quantity, DateTimeOffset now)
    {
        SetStock(OnHand, Reserved - quantity);
        AnnounceAt ??= now + AnnouncementDelay;
    }

    /// <summary>Removes reserved pieces from the stock. Availability does not change.</summary>
    public void Sell(int quantity) => SetStock(OnHand - quantity, Reserved - quantity);

    /// <summary>Puts sold pieces back into the stock.</summary>
    public void Restock(int quantity, DateTimeOffset now)
    {
        SetStock(OnHand + quantity, Reserved);
        AnnounceAt ??= now + AnnouncementDelay;
    }

    public ProductChanged Changed() => new(Id, Sku, Name, Price, Available, ChangedAt);

    /// <summary>Returns the event that announces the changes of availability since the last announcement.</summary>
    public ProductChanged Announce(DateTimeOffset now)
    {
        (ChangedAt, AnnounceAt) = (now, null);
        return Changed();
    }

    private void SetStock(int onHand, int reserved)
    {
        if (reserved < 0 || onHand < reserved)
            throw new InvalidOperationException($"{Sku} cannot have {reserved} pieces reserved of {onHand} on hand.");
        (OnHand, Reserved) = (onHand, reserved);
    }
}
