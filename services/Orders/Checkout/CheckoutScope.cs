using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;

namespace ForgeShop.Orders.Checkout;

/// <summary>What one transition of a checkout works with.</summary>
public sealed record CheckoutScope(ICheckoutMessages Messages, ForgeIds Ids, CheckoutOptions Options, DateTimeOffset Now);

/// <summary>Where a checkout leaves what it has to say: in the outbox. Tests without servers listen here.</summary>
public interface ICheckoutMessages
{
    void Emit<TEvent>(Order order, TEvent data) where TEvent : IEventData;

    void Send<TCommand>(Guid recipient, long sequence, TCommand command) where TCommand : ICommandData;
}

internal sealed class CheckoutOutbox(OrdersDb db) : ICheckoutMessages
{
    public void Emit<TEvent>(Order order, TEvent data) where TEvent : IEventData => db.Emit(order, data);

    public void Send<TCommand>(Guid recipient, long sequence, TCommand command) where TCommand : ICommandData => db.Send(recipient, sequence, command);
}
