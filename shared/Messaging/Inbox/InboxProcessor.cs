using Microsoft.EntityFrameworkCore.Storage;

namespace ForgeShop.Messaging;

/// <summary>
/// The inbox: idempotency is a primary key. A batch is one transaction that inserts the derived event IDs, runs the handlers of those that
/// were not there yet, and commits both. An event that arrives again finds its ID, and nothing happens.
/// </summary>
internal sealed class InboxProcessor<TContext>(
    IServiceScopeFactory scopes, ServiceName service, MessagingMetrics metrics, TimeProvider time)
    : IBatchProcessor where TContext : DbContext
{
    // In the order of the IDs, so that two consumers that handle the same events cannot deadlock.
    private const string InsertNew = """
        INSERT INTO inbox (event_id, received_at) SELECT id, $2 FROM unnest($1) AS id ORDER BY id
        ON CONFLICT DO NOTHING RETURNING event_id
        """;

    public async Task ProcessAsync(IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        using var span = MessagingTelemetry.StartBatch(batch, service.Value);
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TContext>();
        List<IncomingMessage> handled;
        try
        {
            handled = await db.WithoutRetriesAsync(token => HandleAsync(scope.ServiceProvider, db, batch, token), cancellationToken);
        }
        catch (Exception exception) when (IsTransient(exception))
        {
            // A connection keeps the settings with which it began, for example those of a server that became read-only. The next attempt
            // gets a new one.
            NpgsqlConnection.ClearPool((NpgsqlConnection)db.Database.GetDbConnection());
            throw;
        }
        metrics.Handled(handled);
        metrics.Duplicates(batch.Except(handled));
    }

    public bool IsTransient(Exception exception) => TransientPostgresErrors.Contains(exception);

    /// <returns>The messages that were new.</returns>
    private async Task<List<IncomingMessage>> HandleAsync(
        IServiceProvider services, TContext db, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        db.Database.AutoSavepointsEnabled = false;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var fresh = await InsertAsync(db, transaction, batch, cancellationToken);
        foreach (var wave in Waves(fresh))
        {
            await HandleAsync(services, wave, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return fresh;
    }

    private async Task<List<IncomingMessage>> InsertAsync(
        TContext db, IDbContextTransaction transaction, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        await using var command = new NpgsqlCommand(InsertNew, connection, (NpgsqlTransaction)transaction.GetDbTransaction())
        {
            Parameters = { new() { Value = batch.Select(message => message.Context.Id.Value).ToArray() },
                new() { Value = time.GetUtcNow() } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var inserted = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellationToken))
            inserted.Add(reader.GetGuid(0));
        // A batch may contain the same event twice: the first copy is the new one.
        return [.. batch.Where(message => inserted.Remove(message.Context.Id.Value))];
    }

    /// <summary>
    /// Divides a batch where an aggregate occurs again: its events are handled in their order, and each handler sees an aggregate once.
    /// </summary>
    private static List<List<IncomingMessage>> Waves(IEnumerable<IncomingMessage> messages)
    {
        var waves = new List<List<IncomingMessage>>();
        var aggregates = new HashSet<Guid>();
        foreach (var message in messages)
        {
            if (waves.Count == 0 || !aggregates.Add(message.Context.Subject))
            {
                waves.Add([]);
                aggregates = [message.Context.Subject];
            }
            waves[^1].Add(message);
        }
        return waves;
    }

    private async Task HandleAsync(IServiceProvider services, List<IncomingMessage> wave, CancellationToken cancellationToken)
    {
        var spans = wave.ConvertAll(message => message.StartSpan(service.Value));
        string? error = null;
        try
        {
            foreach (var ofType in wave.GroupBy(message => message.Context.Type))
            {
                foreach (var subscription in ofType.First().Subscriptions)
                    await subscription.HandleAsync(services, [.. ofType], cancellationToken);
            }
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
