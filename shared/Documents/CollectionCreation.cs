namespace ForgeShop.Documents;

/// <summary>Creates a collection at its first use.</summary>
internal sealed class CollectionCreation
{
    private readonly Lock _lock = new();
    private Task? _creation;

    /// <summary>Returns when the collection exists. A failed creation is repeated at the next use.</summary>
    /// <param name="createAsync">Creates the collection and its indexes if they are absent, also when other processes do.</param>
    public Task EnsureAsync(Func<Task> createAsync, CancellationToken cancellationToken)
    {
        // One creation at a time: FerretDB damages a collection whose indexes are created twice at once.
        lock (_lock)
        {
            if (_creation is null or { IsCompleted: true, IsCompletedSuccessfully: false })
                _creation = createAsync();
            return _creation.WaitAsync(cancellationToken);
        }
    }
}
