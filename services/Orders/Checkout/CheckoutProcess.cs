namespace ForgeShop.Orders;

/// <summary>
/// Stores the transitions of checkouts. Answers of other services arrive in batches; the customer and the timer use <see
/// cref="StepAsync"/>. Each transition locks the saga's row, and the caller's SaveChanges stores the order, the saga and the outbox
/// together.
/// </summary>
public sealed partial class CheckoutProcess(
    OrdersDb db, OrderSignals signals, ForgeIds ids, IOptions<CheckoutOptions> options, TimeProvider time,
    ILogger<CheckoutProcess> logger) :
    IBatchHandler<StockReserved>, IBatchHandler<ReservationFailed>, IBatchHandler<StockReleased>,
    IBatchHandler<PaymentCharged>, IBatchHandler<PaymentDeclined>, IBatchHandler<PaymentRefunded>
{
    public sealed record Checkout(Order Order, CheckoutSaga Saga);

    /// <summary>Starts the checkout of a new order and sends its first command. The caller adds the saga and saves.</summary>
    public CheckoutSaga Start(Order order, MessageOrigin origin) => CheckoutSaga.Start(order, origin, Scope(origin));

    public Task HandleAsync(IReadOnlyList<Received<StockReserved>> events, CancellationToken cancellationToken) =>
        HandleAsync(events, data => data.OrderId, CheckoutTrigger.StockReserved, cancellationToken);

    public Task HandleAsync(IReadOnlyList<Received<ReservationFailed>> events, CancellationToken cancellationToken) =>
        HandleAsync(events, data => data.OrderId, CheckoutTrigger.ReservationFailed, cancellationToken);

    public Task HandleAsync(IReadOnlyList<Received<StockReleased>> events, CancellationToken cancellationToken) =>
        HandleAsync(events, data => data.OrderId, CheckoutTrigger.StockReleased, cancellationToken);

    public Task HandleAsync(IReadOnlyList<Received<PaymentCharged>> events, CancellationToken cancellationToken) =>
        HandleAsync(events, data => data.OrderId, CheckoutTrigger.PaymentCharged, cancellationToken);

    public Task HandleAsync(IReadOnlyList<Received<PaymentDeclined>> events, CancellationToken cancellationToken) =>
        HandleAsync(events, data => data.OrderId, CheckoutTrigger.PaymentDeclined, cancellationToken);

    public Task HandleAsync(IReadOnlyList<Received<PaymentRefunded>> events, CancellationToken cancellationToken) =>
        HandleAsync(events, data => data.OrderId, CheckoutTrigger.PaymentRefunded, cancellationToken);

    private async Task HandleAsync<TEvent>(
        IReadOnlyList<Received<TEvent>> events, Func<TEvent, OrderId> orderOf, CheckoutTrigger trigger, CancellationToken cancellationToken)
    {
        var locked = await LockAsync([.. events.Select(received => orderOf(received.Data))], cancellationToken);
        var checkouts = locked.ToDictionary(checkout => checkout.Order.Id);
        foreach (var (data, context) in events)
        {
            if (checkouts.TryGetValue(orderOf(data), out var checkout))
                Step(checkout, context.Origin, (saga, order, scope) => saga.Handle(trigger, order, scope));
            else
                LogIgnored(trigger, orderOf(data));
        }
    }

    /// <summary>Locks the checkout of an order and makes one transition, inside the caller's transaction.</summary>
    /// <returns>The order; null if there is no such order.</returns>
    public async Task<Order?> StepAsync(
        OrderId id, MessageOrigin origin, Action<CheckoutSaga, Order, CheckoutScope> transition, CancellationToken cancellationToken)
    {
        if ((await LockAsync([id], cancellationToken)).SingleOrDefault() is not { } checkout)
            return null;
        Step(checkout, origin, transition);
        return checkout.Order;
    }

    /// <summary>Locks the checkouts in the order of their IDs, so that two transactions cannot deadlock, and reads them.</summary>
    public async Task<List<Checkout>> LockAsync(IReadOnlyList<OrderId> orders, CancellationToken cancellationToken)
    {
        var keys = orders.Select(ids.Saga).ToList();
        var values = keys.ConvertAll(key => key.Value);
        await db.Database.ExecuteSqlAsync($"select 1 from sagas where id = any({values}) order by id for update", cancellationToken);
        var checkouts = await db.Sagas.Where(saga => keys.Contains(saga.Id))
            .Join(db.Orders, saga => saga.OrderId, order => order.Id, (saga, order) => new Checkout(order, saga))
            .ToListAsync(cancellationToken);
        checkouts.ForEach(checkout => ids.Verify(checkout.Saga.Id, checkout.Saga.OrderId));
        return checkouts;
    }

    /// <summary>Makes one transition of a locked checkout; after the commit the streams of the order are signalled.</summary>
    public void Step(Checkout checkout, MessageOrigin origin, Action<CheckoutSaga, Order, CheckoutScope> transition)
    {
        var (order, saga) = checkout;
        var before = order.Version;
        transition(saga, order, Scope(origin));
        if (order.Version != before)
            db.AfterCommit(() => signals.Raise(order.Id));
    }

    private CheckoutScope Scope(MessageOrigin origin) => new(new Outbox(db, origin), ids, options.Value, time.GetUtcNow());

    [LoggerMessage(LogLevel.Warning, "Ignored {Trigger}: no checkout saga for order {Order}")]
    private partial void LogIgnored(CheckoutTrigger trigger, OrderId order);

    private sealed class Outbox(OrdersDb db, MessageOrigin origin) : ICheckoutMessages
    {
        public void Emit<TEvent>(Order order, TEvent data) where TEvent : IEventData => db.Emit(order, data, origin);

        public void Send<TCommand>(Guid recipient, long sequence, TCommand command) where TCommand : ICommandData =>
            db.Send(recipient, sequence, command, origin);
    }
}
