using ForgeShop.Documents;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using System.Text.Json.Serialization;

namespace ForgeShop.Messaging.Tests;

/// <summary>A counter with its announcements inside.</summary>
public sealed record CounterDocument(Guid Id, long Value, List<OutboxMessage> Events) : IEventDocument
{
    Guid IEventDocument.AggregateId => Id;

    public static DocumentModel<CounterDocument> Model { get; } =
        new("counters", CounterJson.Default.CounterDocument, [EventFields.Due<CounterDocument>()], [EventFields.Position<CounterDocument>()]);
}

/// <summary>The effects of a counter's events: idempotent by the last sequence kept inside.</summary>
public sealed record EffectDocument(List<long> Sequences)
{
    public static DocumentModel<EffectDocument> Model { get; } = new("effects", CounterJson.Default.EffectDocument);
}

[JsonSerializable(typeof(CounterDocument))]
[JsonSerializable(typeof(EffectDocument))]
public sealed partial class CounterJson : JsonSerializerContext;

public sealed class NoteEffectInDocument(IDocumentCollection<EffectDocument> effects, Faults faults) : IEventHandler<CounterChanged>
{
    public async Task HandleAsync(CounterChanged @event, EventContext context, CancellationToken cancellationToken)
    {
        await faults.BeforeHandling(@event, context);
        await effects.UpdateAsync(
            context.Subject,
            known => known is { Sequences: [.., var last] } && last >= context.Sequence ? null : new EffectDocument([.. known?.Sequences ?? [], context.Sequence]),
            cancellationToken);
        await faults.AfterHandling(@event, context);
    }
}

public sealed class DocumentCounters : CounterService
{
    private IDocumentCollection<CounterDocument> Counters => Services.GetRequiredService<IDocumentCollection<CounterDocument>>();

    protected override void Configure(IHostApplicationBuilder builder)
    {
        builder.AddDocuments("store", documents => documents.Collection(CounterDocument.Model).Collection(EffectDocument.Model));
        builder.AddMessaging(Name, messaging =>
        {
            messaging.UseDocuments<CounterDocument>();
            if (Consumes)
                messaging.Handle<CounterChanged, NoteEffectInDocument>().Handle<CounterLabelled, NoteLabel>();
        });
    }

    protected override Task PrepareAsync(IServiceProvider services) => Task.CompletedTask;

    public override async Task CountAsync(Guid counter, int times, string note = "")
    {
        var outbox = Services.GetRequiredService<DocumentOutbox>();
        await Counters.UpdateAsync(
            counter,
            known =>
            {
                var value = known?.Value ?? 0;
                var changed = new CounterDocument(counter, value + times, known?.Events ?? []);
                for (var time = 0; time < times; time++)
                    outbox.Emit(changed, new CounterChanged(counter, ++value, note));
                return changed;
            },
            TestContext.Current.CancellationToken);
        outbox.Signal();
    }

    public override async Task<IReadOnlyList<OutboxMessage>> OutboxAsync(Guid counter) =>
        (await Counters.GetAsync(counter, TestContext.Current.CancellationToken))?.Value.Events ?? [];

    public override async Task<IReadOnlyList<long>> HandledAsync(Guid counter) =>
        (await Services.GetRequiredService<IDocumentCollection<EffectDocument>>().GetAsync(counter, TestContext.Current.CancellationToken))?.Value.Sequences ?? [];
}
