using System.Text.RegularExpressions;
using ForgeShop.Contracts;
using ForgeShop.Messaging;
using ForgeShop.Orders;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Compares the state diagram of docs/checkout.md with the transitions of the code.</summary>
public sealed partial class CheckoutDiagramTests : ICheckoutMessages
{
    private static readonly ForgeIds Ids = new();
    private static readonly CheckoutTrigger[] Triggers = Enum.GetValues<CheckoutTrigger>();

    [Fact]
    public void Diagram_shows_exactly_the_transitions_of_the_code()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "checkout.md"));
        var drawn = Arrow().Matches(document)
            .Select(arrow => $"{arrow.Groups[1].Value} --> {arrow.Groups[2].Value}: {arrow.Groups[3].Value}");

        drawn.Order(StringComparer.Ordinal).ShouldBe(Transitions().Order(StringComparer.Ordinal));
    }

    /// <summary>Tries every trigger in every step that can be reached.</summary>
    private HashSet<string> Transitions()
    {
        var (found, paths) = (new HashSet<string>(), new Queue<CheckoutTrigger[]>([[]]));
        var reached = new HashSet<CheckoutStep> { CheckoutStep.Reserving };
        while (paths.TryDequeue(out var path))
        {
            foreach (var trigger in Triggers)
            {
                var (saga, order, scope) = Follow(path);
                var before = saga.Step;
                if (!saga.Handle(trigger, order, scope))
                    continue;
                found.Add($"{before} --> {saga.Step}: {trigger}");
                if (reached.Add(saga.Step))
                    paths.Enqueue([.. path, trigger]);
            }
        }
        return found;
    }

    private (CheckoutSaga Saga, Order Order, CheckoutScope Scope) Follow(CheckoutTrigger[] path)
    {
        var (user, now) = (Ids.User("ada@example.com"), DateTimeOffset.UnixEpoch);
        var (id, product) = (Ids.Order(user, "cart-1"), Ids.Product("P1"));
        var line = new OrderLine(Ids.OrderLine(id, product), 0, product, "P1", "Product", 1, new Money(1, "EUR"));
        var order = Order.Place(id, user, "cart-1", new byte[32], "sim-ok", [line], now);
        var scope = new CheckoutScope(this, Ids, new CheckoutOptions(), now);
        var saga = CheckoutSaga.Start(order, MessageOrigin.None, scope);
        foreach (var trigger in path)
            saga.Handle(trigger, order, scope).ShouldBeTrue();
        return (saga, order, scope);
    }

    void ICheckoutMessages.Emit<TEvent>(Order order, TEvent data)
    {
    }

    void ICheckoutMessages.Send<TCommand>(Guid recipient, long sequence, TCommand command)
    {
    }

    [GeneratedRegex(@"^\s*(\w+) --> (\w+): (\w+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Arrow();
}
