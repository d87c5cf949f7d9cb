using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;

namespace ForgeShop.Orders.Checkout;

/// <summary>
/// The checkout of one order as a persisted state machine: reserve, charge, confirm; and where that fails, backwards: refund, release, cancel. Every method is
/// one transition, stored in one transaction together with the order and with the commands that it sends. Nothing is remembered in memory, so whoever comes
/// next goes on where the last one was killed.
/// <para>
/// Answers may come late, twice, out of order or never. Each is only taken by the step that waits for it. One that nobody waits for needs no attention: the
/// command that undoes what it speaks of was sent when the step was left backwards, and the services carry that out after whatever they have done before.
/// </para>
/// </summary>
public sealed class CheckoutSaga
{
    /// <summary>A checkout charges once; a shop that tries a second card would count on from here.</summary>
    public const int Attempt = 1;

    private CheckoutSaga()
    {
    }

    /// <summary>Derived from the order.</summary>
    public SagaId Id { get; private set; }

    public OrderId OrderId { get; private set; }

    public CheckoutStep Step { get; private set; }

    /// <summary>How many commands were sent to the reservation: the sequence of the last.</summary>
    public long ReservationCommands { get; private set; }

    /// <inheritdoc cref="ReservationCommands"/>
    public long PaymentCommands { get; private set; }

    /// <summary>When waiting ends; null if nothing is awaited. See <see cref="CheckoutTimer"/>.</summary>
    public DateTimeOffset? DueAt { get; private set; }

    /// <summary>How often the command of this step was sent again.</summary>
    public int Resends { get; private set; }

    public DateTimeOffset StartedAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>The request that placed the order.</summary>
    public Origin Origin { get; private set; } = Origin.None;

    /// <summary>The order is placed: its stock is to be reserved.</summary>
    public static CheckoutSaga Start(Order order, Origin origin, CheckoutScope scope)
    {
        var saga = new CheckoutSaga { Id = scope.Ids.Saga(order.Id), OrderId = order.Id, StartedAt = scope.Now, Origin = origin };
        saga.Enter(CheckoutStep.Reserving, scope, scope.Options.ReservationTimeout);
        var lines = order.Lines.Select(line => new ReserveStockLine(line.ProductId, line.Quantity));
        saga.Send(scope, new ReserveStock(scope.Ids.Reservation(order.Id), order.Id, [.. lines]));
        return saga;
    }

    public void OnReserved(Order order, CheckoutScope scope)
    {
        if (Step is not CheckoutStep.Reserving)
            return;
        order.Reserve(scope.Now);
        Enter(CheckoutStep.Charging, scope, scope.Options.PaymentTimeout);
        Send(scope, new ChargePayment(scope.Ids.Payment(order.Id, Attempt), order.Id, Attempt, order.Total, order.PaymentMethod, DueAt!.Value));
    }

    public void OnReservationFailed(Order order, CheckoutScope scope)
    {
        if (Step is not CheckoutStep.Reserving)
            return;
        order.BeginCancelling(CancelReason.OutOfStock, scope.Now);
        EndCancelled(order, scope);
    }

    public void OnCharged(Order order, CheckoutScope scope)
    {
        if (Step is not CheckoutStep.Charging)
            return;
        order.Pay(scope.Now);
        // Nobody is left to be asked. Inventory hears that the stock is sold by the event.
        scope.Messages.Emit(order, order.Confirm(scope.Now));
        End(CheckoutStep.Confirmed, scope);
    }

    public void OnDeclined(Order order, CheckoutScope scope)
    {
        if (Step is not CheckoutStep.Charging)
            return;
        order.BeginCancelling(CancelReason.PaymentDeclined, scope.Now);
        Release(order, scope);
    }

    /// <summary>What was taken is given back; or, where nobody had asked for that, Payments gave up: its provider did not answer in time.</summary>
    public void OnRefunded(Order order, CheckoutScope scope)
    {
        if (Step is CheckoutStep.Charging)
            order.BeginCancelling(CancelReason.TimedOut, scope.Now);
        if (Step is CheckoutStep.Charging or CheckoutStep.Refunding)
            Release(order, scope);
    }

    public void OnReleased(Order order, CheckoutScope scope)
    {
        if (Step is CheckoutStep.Releasing)
            EndCancelled(order, scope);
    }

    /// <returns>False if there is nothing to cancel any more.</returns>
    public bool Cancel(Order order, CheckoutScope scope) => TurnBack(order, CancelReason.CustomerRequest, scope);

    /// <summary>An answer did not come in time: forwards that ends the checkout, backwards the command is sent again until it is answered.</summary>
    public void OnDue(Order order, CheckoutScope scope)
    {
        if (DueAt is null || DueAt > scope.Now)
            return;
        if (Step is CheckoutStep.Reserving or CheckoutStep.Charging)
        {
            TurnBack(order, CancelReason.TimedOut, scope);
            return;
        }

        Resends++;
        DueAt = scope.Now + scope.Options.ResendPause(Resends);
        if (Step is CheckoutStep.Refunding)
            SendRefund(order, scope);
        else
            SendRelease(order, scope);
    }

    /// <summary>From wherever it stands, with the last thing that may have been done undone first.</summary>
    private bool TurnBack(Order order, CancelReason reason, CheckoutScope scope)
    {
        if (Step is CheckoutStep.Refunding or CheckoutStep.Releasing or CheckoutStep.Cancelled)
            return false;
        var mayHaveCharged = Step is CheckoutStep.Charging or CheckoutStep.Confirmed;
        order.BeginCancelling(reason, scope.Now);
        EndedAt = null;
        if (mayHaveCharged)
            Refund(order, scope);
        else
            Release(order, scope);
        return true;
    }

    private void Refund(Order order, CheckoutScope scope)
    {
        Enter(CheckoutStep.Refunding, scope, scope.Options.ResendPause(0));
        SendRefund(order, scope);
    }

    private void Release(Order order, CheckoutScope scope)
    {
        Enter(CheckoutStep.Releasing, scope, scope.Options.ResendPause(0));
        SendRelease(order, scope);
    }

    private void SendRefund(Order order, CheckoutScope scope) =>
        Send(scope, new RefundPayment(scope.Ids.Payment(order.Id, Attempt), order.Id, Attempt, order.Total));

    private void SendRelease(Order order, CheckoutScope scope) => Send(scope, new ReleaseStock(scope.Ids.Reservation(order.Id), order.Id));

    private void EndCancelled(Order order, CheckoutScope scope)
    {
        scope.Messages.Emit(order, order.Cancel(scope.Now));
        End(CheckoutStep.Cancelled, scope);
    }

    private void Enter(CheckoutStep step, CheckoutScope scope, TimeSpan patience) => (Step, DueAt, Resends) = (step, scope.Now + patience, 0);

    private void End(CheckoutStep step, CheckoutScope scope) => (Step, DueAt, Resends, EndedAt) = (step, null, 0, scope.Now);

    private void Send(CheckoutScope scope, ReserveStock command) => scope.Messages.Send(command.ReservationId.Value, ++ReservationCommands, command);

    private void Send(CheckoutScope scope, ReleaseStock command) => scope.Messages.Send(command.ReservationId.Value, ++ReservationCommands, command);

    private void Send(CheckoutScope scope, ChargePayment command) => scope.Messages.Send(command.PaymentId.Value, ++PaymentCommands, command);

    private void Send(CheckoutScope scope, RefundPayment command) => scope.Messages.Send(command.PaymentId.Value, ++PaymentCommands, command);
}
