using System.Collections.Concurrent;

namespace ForgeShop.Messaging.Tests;

/// <summary>The faults that a test adds to the handlers of one service, and the arguments of their calls.</summary>
public sealed class HandlerScript
{
    /// <summary>Runs before the effect of a <see cref="CounterChanged"/> is added.</summary>
    public Func<CounterChanged, EventContext, CancellationToken, Task> Before { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Runs after the effect is added and before the commit.</summary>
    public Func<CountersDb, EventContext, Task> After { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentQueue<EventContext> Contexts { get; } = [];

    /// <summary>The calls of <see cref="CounterLabelledHandler"/>.</summary>
    public ConcurrentQueue<IReadOnlyList<Received<CounterLabelled>>> Batches { get; } = [];
}

public sealed class CounterChangedHandler(CountersDb db, HandlerScript script) : IBatchHandler<CounterChanged>, IBatchHandler<ResetCounter>
{
    public async Task HandleAsync(IReadOnlyList<Received<CounterChanged>> events, CancellationToken cancellationToken)
    {
        foreach (var (data, context) in events)
        {
            script.Contexts.Enqueue(context);
            await script.Before(data, context, cancellationToken);
            db.AddEffect(context, data.At);
            await script.After(db, context);
        }
    }

    public Task HandleAsync(IReadOnlyList<Received<ResetCounter>> events, CancellationToken cancellationToken)
    {
        foreach (var received in events)
            db.AddEffect(received.Context);
        return Task.CompletedTask;
    }
}

public sealed class CounterLabelledHandler(CountersDb db, HandlerScript script) : IBatchHandler<CounterLabelled>
{
    public Task HandleAsync(IReadOnlyList<Received<CounterLabelled>> events, CancellationToken cancellationToken)
    {
        script.Batches.Enqueue(events);
        foreach (var received in events)
            db.AddEffect(received.Context);
        return Task.CompletedTask;
    }
}
