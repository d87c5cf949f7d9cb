using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Orders;

/// <summary>
/// Whose an order is, asked before anything is done with it: an order's owner never changes. The question is the same, and costs the same, whether there
/// is no such order or it is somebody else's, so neither an answer nor its time tells which.
/// </summary>
internal static class OrderOwners
{
    /// <summary>Whether there is such an order and it is the caller's.</summary>
    public static Task<bool> IsOwnAsync(this OrdersDb db, OrderId id, Caller caller, CancellationToken cancellationToken) =>
        db.Orders.AnyAsync(order => order.Id == id && order.UserId == caller.Id, cancellationToken);

    /// <summary>Whether there is such an order and the caller may see it.</summary>
    public static Task<bool> MaySeeAsync(this OrdersDb db, OrderId id, Caller caller, CancellationToken cancellationToken)
    {
        var maySeeAll = caller.Permissions.Contains(Permissions.OrdersRead);
        return db.Orders.AnyAsync(order => order.Id == id && (maySeeAll || order.UserId == caller.Id), cancellationToken);
    }
}
