namespace ForgeShop.Orders;

/// <summary>The step of a checkout. The database stores the names in lower case.</summary>
public enum CheckoutStep
{
    /// <summary>Waits for Inventory to reserve the stock.</summary>
    Reserving,

    /// <summary>Waits for Payments to charge the amount.</summary>
    Charging,

    /// <summary>Ended. Only a cancellation by the customer starts the compensations.</summary>
    Confirmed,

    /// <summary>Waits for Payments to refund the amount, or to confirm that nothing was charged.</summary>
    Refunding,

    /// <summary>Waits for Inventory to release the stock.</summary>
    Releasing,

    /// <summary>Ended, with every step compensated.</summary>
    Cancelled,
}

/// <summary>The triggers of transitions: an answer of another service, the customer's cancellation, or a time-out.</summary>
public enum CheckoutTrigger
{
    StockReserved,
    ReservationFailed,
    StockReleased,
    PaymentCharged,
    PaymentDeclined,
    PaymentRefunded,
    CancelledByCustomer,
    TimedOut,
}

/// <summary>The options, the clock and the outbox of one transition.</summary>
public sealed record CheckoutScope(ICheckoutMessages Messages, ForgeIds Ids, CheckoutOptions Options, DateTimeOffset Now);

/// <summary>Receives the messages of a checkout: the outbox, or a test without servers.</summary>
public interface ICheckoutMessages
{
    void Emit<TEvent>(Order order, TEvent data) where TEvent : IEventData;

    void Send<TCommand>(Guid recipient, long sequence, TCommand command) where TCommand : ICommandData;
}

/// <summary>
/// The checkout of one order as a persisted state machine: reserve, charge, confirm; after a failure the compensations: refund, release,
/// cancel. Each transition is stored in one transaction with the order and its commands, so any replica continues after a kill.
/// <para>
/// Answers may be late, duplicated, out of order or lost. Only the step that waits for an answer takes it; all others ignore it. The
/// command that compensates its effect was sent when the compensations began, and the services accept commands in any order.
/// </para>
/// </summary>
public sealed class CheckoutSaga
{
    /// <summary>A checkout has one payment attempt. The number allows a second one.</summary>
    public const int Attempt = 1;

    private CheckoutSaga()
    {
    }

    /// <summary>Derived from the order.</summary>
    public SagaId Id { get; private set; }

    public OrderId OrderId { get; private set; }

    public CheckoutStep Step { get; private set; }

    /// <summary>The sequence number of the last command to the reservation.</summary>
    public long ReservationCommands { get; private set; }

    /// <summary>The sequence number of the last command to the payment.</summary>
    public long PaymentCommands { get; private set; }

    /// <summary>The deadline of the step; null if the checkout has ended. See <see cref="CheckoutTimer"/>.</summary>
    public DateTimeOffset? DueAt { get; private set; }

    /// <summary>The number of times that the command of this step was repeated.</summary>
    public int Resends { get; private set; }

    public DateTimeOffset StartedAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>The origin: the request that placed the order.</summary>
    public MessageOrigin Origin { get; private set; } = MessageOrigin.None;

    /// <summary>Starts the checkout of a placed order by reserving its stock.</summary>
    public static CheckoutSaga Start(Order order, MessageOrigin origin, CheckoutScope scope)
    {
        var saga = new CheckoutSaga { Id = scope.Ids.Saga(order.Id), OrderId = order.Id, StartedAt = scope.Now, Origin = origin };
        saga.Enter(CheckoutStep.Reserving, scope);
        var lines = order.Lines.Select(line => new ReserveStockLine(line.ProductId, line.Quantity));
        saga.SendToReservation(scope, new ReserveStock(scope.Ids.Reservation(order.Id), order.Id, [.. lines]));
        return saga;
    }

    /// <summary>Makes the transition for <paramref name="trigger"/>.</summary>
    /// <returns>False if the current step does not take the trigger: nothing changes.</returns>
    public bool Handle(CheckoutTrigger trigger, Order order, CheckoutScope scope)
    {
        switch (Step, trigger)
        {
            case (CheckoutStep.Reserving, CheckoutTrigger.StockReserved):
                order.Reserve(scope.Now);
                Charge(order, scope);
                return true;
            case (CheckoutStep.Reserving, CheckoutTrigger.ReservationFailed):
                order.BeginCancelling(CancelReason.OutOfStock, scope.Now);
                EndCancelled(order, scope);
                return true;
            case (CheckoutStep.Charging, CheckoutTrigger.PaymentCharged):
                order.Pay(scope.Now);
                // The event order-confirmed makes Inventory sell the reserved stock.
                scope.Messages.Emit(order, order.Confirm(scope.Now));
                End(CheckoutStep.Confirmed, scope);
                return true;
            case (CheckoutStep.Charging, CheckoutTrigger.PaymentDeclined):
                order.BeginCancelling(CancelReason.PaymentDeclined, scope.Now);
                Release(order, scope);
                return true;
            case (CheckoutStep.Charging, CheckoutTrigger.PaymentRefunded):
                // The payment provider did not answer in time, so Payments gave up the charge.
                order.BeginCancelling(CancelReason.TimedOut, scope.Now);
                Release(order, scope);
                return true;
            case (CheckoutStep.Reserving, CheckoutTrigger.CancelledByCustomer or CheckoutTrigger.TimedOut):
                order.BeginCancelling(ReasonOf(trigger), scope.Now);
                Release(order, scope);
                return true;
            case (CheckoutStep.Charging, CheckoutTrigger.CancelledByCustomer or CheckoutTrigger.TimedOut):
            case (CheckoutStep.Confirmed, CheckoutTrigger.CancelledByCustomer):
                order.BeginCancelling(ReasonOf(trigger), scope.Now);
                Refund(order, scope);
                return true;
            case (CheckoutStep.Refunding, CheckoutTrigger.PaymentRefunded):
                Release(order, scope);
                return true;
            case (CheckoutStep.Releasing, CheckoutTrigger.StockReleased):
                EndCancelled(order, scope);
                return true;
            case (CheckoutStep.Refunding, CheckoutTrigger.TimedOut):
                SendRefund(order, scope);
                Resend(scope);
                return true;
            case (CheckoutStep.Releasing, CheckoutTrigger.TimedOut):
                SendRelease(order, scope);
                Resend(scope);
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Handles the time-out of a step. Before the compensations it cancels the order; during them it repeats the command.
    /// </summary>
    public void OnTimer(Order order, CheckoutScope scope)
    {
        if (DueAt <= scope.Now)
            Handle(CheckoutTrigger.TimedOut, order, scope);
        else if (DueAt > scope.Now + scope.Options.LongestWait)
            DueAt = scope.Now + scope.Options.WaitOf(Step, Resends); // The clock was set back, so the wait starts again.
    }

    private static CancelReason ReasonOf(CheckoutTrigger trigger) =>
        trigger is CheckoutTrigger.TimedOut ? CancelReason.TimedOut : CancelReason.CustomerRequest;

    private void Charge(Order order, CheckoutScope scope)
    {
        Enter(CheckoutStep.Charging, scope);
        var payment = scope.Ids.Payment(order.Id, Attempt);
        SendToPayment(scope, new ChargePayment(payment, order.Id, Attempt, order.Total, order.PaymentMethod, DueAt!.Value));
    }

    private void Refund(Order order, CheckoutScope scope)
    {
        Enter(CheckoutStep.Refunding, scope);
        SendRefund(order, scope);
    }

    private void Release(Order order, CheckoutScope scope)
    {
        Enter(CheckoutStep.Releasing, scope);
        SendRelease(order, scope);
    }

    private void EndCancelled(Order order, CheckoutScope scope)
    {
        scope.Messages.Emit(order, order.Cancel(scope.Now));
        End(CheckoutStep.Cancelled, scope);
    }

    private void SendRefund(Order order, CheckoutScope scope) =>
        SendToPayment(scope, new RefundPayment(scope.Ids.Payment(order.Id, Attempt), order.Id, Attempt, order.Total));

    private void SendRelease(Order order, CheckoutScope scope) =>
        SendToReservation(scope, new ReleaseStock(scope.Ids.Reservation(order.Id), order.Id));

    private void SendToReservation<TCommand>(CheckoutScope scope, TCommand command) where TCommand : ICommandData =>
        scope.Messages.Send(scope.Ids.Reservation(OrderId).Value, ++ReservationCommands, command);

    private void SendToPayment<TCommand>(CheckoutScope scope, TCommand command) where TCommand : ICommandData =>
        scope.Messages.Send(scope.Ids.Payment(OrderId, Attempt).Value, ++PaymentCommands, command);

    private void Enter(CheckoutStep step, CheckoutScope scope) =>
        (Step, DueAt, Resends, EndedAt) = (step, scope.Now + scope.Options.WaitOf(step, 0), 0, null);

    private void Resend(CheckoutScope scope) => DueAt = scope.Now + scope.Options.WaitOf(Step, ++Resends);

    private void End(CheckoutStep step, CheckoutScope scope) => (Step, DueAt, Resends, EndedAt) = (step, null, 0, scope.Now);
}
