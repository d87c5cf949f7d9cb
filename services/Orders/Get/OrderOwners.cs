namespace ForgeShop.Orders;

/// <summary>
/// Checks the owner of an order before anything else, because the owner never changes. An unknown order and another user's order take the
/// same query, so neither the answer nor its duration reveals which it is.
/// </summary>
internal static class OrderOwners
{
    /// <summary>Returns whether the order exists and belongs to the caller.</summary>
    public static Task<bool> IsOwnAsync(this OrdersDb db, OrderId id, Caller caller, CancellationToken cancellationToken) =>
        db.Orders.AnyAsync(order => order.Id == id && order.UserId == caller.Id, cancellationToken);

    /// <summary>Returns whether the order exists and the caller may read it.</summary>
    public static Task<bool> MaySeeAsync(this OrdersDb db, OrderId id, Caller caller, CancellationToken cancellationToken)
    {
        var maySeeAll = caller.Permissions.Contains(Permissions.OrdersRead);
        return db.Orders.AnyAsync(order => order.Id == id && (maySeeAll || order.UserId == caller.Id), cancellationToken);
    }
}
