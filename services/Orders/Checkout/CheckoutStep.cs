namespace ForgeShop.Orders.Checkout;

/// <summary>What a checkout is waiting for, or how it ended. The names stand in the database, in lower case.</summary>
public enum CheckoutStep
{
    /// <summary>Inventory was asked for the stock.</summary>
    Reserving,

    /// <summary>Payments was asked for the money.</summary>
    Charging,

    /// <summary>Ended well. Only the customer can set it going again, backwards.</summary>
    Confirmed,

    /// <summary>Payments was told to give the money back, or never to take it.</summary>
    Refunding,

    /// <summary>Inventory was told to take the stock back.</summary>
    Releasing,

    /// <summary>Ended with everything undone.</summary>
    Cancelled,
}
