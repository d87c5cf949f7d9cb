namespace ForgeShop.Documents;

public static class DocumentCollectionExtensions
{
    private const int MaximumAttempts = 50;

    /// <summary>
    /// Read, change, write if nobody else has written in between; otherwise again with what they wrote, a bounded number of times.
    /// </summary>
    /// <param name="change">
    /// From the document as it is (null: there is none) to what it shall be, or null to leave it alone. It may run several times, and
    /// once more after a write whose answer was lost: it must see in the document itself that its change is already there.
    /// </param>
    /// <returns>The document as it now is.</returns>
    /// <exception cref="DocumentConflictException">Others were faster each time.</exception>
    public static Task<Document<T>?> UpdateAsync<T>(
        this IDocumentCollection<T> collection, Guid id, Func<T?, T?> change, CancellationToken cancellationToken) where T : class =>
        collection.UpdateWithLookupAsync(id, current => ValueTask.FromResult(change(current)), cancellationToken);

    /// <summary>The same for a change that has to look at something else, after the document was read and before it is written.</summary>
    public static async Task<Document<T>?> UpdateWithLookupAsync<T>(
        this IDocumentCollection<T> collection, Guid id, Func<T?, ValueTask<T?>> change, CancellationToken cancellationToken) where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            var current = await collection.GetAsync(id, cancellationToken);
            if (await change(current?.Value) is not { } changed)
                return current;
            var version = current?.Version ?? 0;
            if (await collection.UpsertAsync(id, changed, version, cancellationToken))
                return new(id, changed, version + 1);
            if (attempt == MaximumAttempts)
                throw new DocumentConflictException(collection.Name, id, attempt);
            // Full jitter: writers that collided once should not collide again in step.
            await Task.Delay(Random.Shared.Next(1 + Math.Min(200, 4 * attempt)), cancellationToken);
        }
    }
}
