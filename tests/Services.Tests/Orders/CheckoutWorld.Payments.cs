using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.Orders;
using ForgeShop.Payments;

namespace ForgeShop.Services.Tests;

/// <summary>Payments, its workers and the payment provider.</summary>
internal sealed partial class CheckoutWorld
{
    private void Charge(ChargePayment command)
    {
        if (!_payments.ContainsKey(command.PaymentId))
            _payments[command.PaymentId] = Payment.Request(command, MessageOrigin.None, _now);
    }

    private void Refund(RefundPayment command)
    {
        if (!_payments.TryGetValue(command.PaymentId, out var payment))
            _payments[command.PaymentId] = Payment.RefundOnly(command, MessageOrigin.None, _now);
        else if (!payment.RequestRefund(MessageOrigin.None, _now))
            Answer(command.OrderId, CheckoutTrigger.PaymentRefunded);
    }

    /// <summary>A worker claims a payment. It may be killed before its call or before it records the answer.</summary>
    private bool AskProvider()
    {
        var payment = _payments.Values.FirstOrDefault(
            payment => payment.NextCallAt <= _now && (payment.ClaimedUntil is null || payment.ClaimedUntil < _now));
        if (payment is null)
            return false;
        payment.Claim(_now, _now + Claim);
        var refunding = payment.IsToBeRefunded;
        if (IsKilled())
            return true;
        _calls.Add(() =>
        {
            var record = refunding ? ProviderRefunds(payment) : ProviderCharges(payment);
            if (!IsKilled())
                _calls.Add(record);
        });
        return true;
    }

    private Action ProviderCharges(Payment payment)
    {
        if (payment.Method == "timeout" || _random.Next(20) == 0)
            return () => payment.Unanswered(_now, PollingPause(), GiveUpAfter);
        _captures.TryAdd(payment.Id, payment.Method == "ok" ? ("captured", payment.Amount.Amount) : ("declined", 0));
        if (_captures[payment.Id].State == "captured")
            return () => AnswerWith(payment, payment.Charged(_now), CheckoutTrigger.PaymentCharged);
        return () => AnswerWith(payment, payment.Declined("no", _now), CheckoutTrigger.PaymentDeclined);
    }

    private Action ProviderRefunds(Payment payment)
    {
        if (_random.Next(10) == 0)
            return () => payment.Unanswered(_now, PollingPause(), GiveUpAfter);
        var capture = _captures.GetValueOrDefault(payment.Id);
        var state = capture.State switch { null => "voided", "captured" => "refunded", var other => other };
        _captures[payment.Id] = (state, capture.Amount);
        var refunded = new Money(state == "refunded" ? capture.Amount : 0, "EUR");
        return () => AnswerWith(payment, payment.Refunded(refunded, _now), CheckoutTrigger.PaymentRefunded);
    }

    private void AnswerWith(Payment payment, object? @event, CheckoutTrigger answer)
    {
        if (@event is not null)
            Answer(payment.OrderId, answer);
    }

    private TimeSpan PollingPause() => TimeSpan.FromMilliseconds(_random.Next(100, 5000));

    private bool IsKilled()
    {
        if (_random.Next(12) > 0)
            return false;
        Crashes++;
        return true;
    }
}
