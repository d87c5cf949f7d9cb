namespace ForgeShop.Messaging;

/// <summary>
/// Idempotency is a primary key, not a protocol: a batch is one transaction that inserts the derived event IDs into the inbox, handles the
/// events whose IDs were not there yet, and commits both. An event that arrives again finds its ID, and nothing happens.
/// </summary>
internal sealed class InboxProcessor(MessagingModel model, IServiceScopeFactory scopes, MessagingMetrics metrics, TimeProvider time)
{
    /// <summary>Handles a batch of messages: all or none of them.</summary>
    public async Task ProcessAsync(IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        if (model.OpenStore(services) is not { } db)
        {
            // The only handler of the service, whose effects are idempotent without an inbox.
            await batch[0].Subscription.HandleAsync(services, batch, cancellationToken);
            metrics.Handled(batch);
            return;
        }

        using var span = MessagingTelemetry.StartBatch(batch, model.Service);
        try
        {
            var handled = await db.WithoutRetriesAsync(async token =>
            {
                db.Database.AutoSavepointsEnabled = false;
                await using var transaction = await db.Database.BeginTransactionAsync(token);
                var fresh = await InsertAsync(db, batch, token);
                // Each handler sees an aggregate once: the first event of every aggregate, then the second ones, and so on.
                foreach (var wave in fresh.GroupBy(message => message.Context.Subject).SelectMany(events => events.Index())
                    .GroupBy(numbered => numbered.Index, numbered => numbered.Item))
                {
                    await HandleAsync(services, [.. wave], token);
                    await db.SaveChangesAsync(token);
                }
                await transaction.CommitAsync(token);
                return fresh;
            }, cancellationToken);
            metrics.Handled(handled);
            metrics.Duplicates(batch.Except(handled));
        }
        catch (Exception exception) when (model.IsTransient(exception))
        {
            // A connection keeps the settings with which it began, for example those of a server that became read-only. The next attempt
            // gets a new one.
            NpgsqlConnection.ClearPool((NpgsqlConnection)db.Database.GetDbConnection());
            throw;
        }
    }

    /// <returns>The messages that are new: those whose ID the inbox did not contain.</returns>
    private async Task<List<IncomingMessage>> InsertAsync(
        DbContext db, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        // In the order of the IDs, so that two consumers that handle the same events cannot deadlock.
        var inserted = (await db.Database.SqlQuery<Guid>(
            $"""
            INSERT INTO inbox (event_id, received_at)
            SELECT id, {time.GetUtcNow()} FROM unnest({batch.Select(message => message.Context.Id.Value).ToArray()}) AS id ORDER BY id
            ON CONFLICT DO NOTHING RETURNING event_id AS "Value"
            """).ToListAsync(cancellationToken)).ToHashSet();
        // A batch may contain the same event twice: the first copy is the new one.
        return [.. batch.Where(message => inserted.Remove(message.Context.Id.Value))];
    }

    private async Task HandleAsync(IServiceProvider services, List<IncomingMessage> wave, CancellationToken cancellationToken)
    {
        var spans = wave.ConvertAll(message => message.StartSpan(model.Service));
        string? error = null;
        try
        {
            foreach (var ofType in wave.GroupBy(message => message.Subscription))
                await ofType.Key.HandleAsync(services, [.. ofType], cancellationToken);
        }
        catch (Exception exception)
        {
            error = exception.GetType().Name;
            throw;
        }
        finally
        {
            spans.ForEach(span => span.End(error));
        }
    }
}
