namespace ForgeShop.Documents;

/// <summary>Runs something once for everybody who asks; where it failed, the next who asks tries again.</summary>
#pragma warning disable CA1001 // The semaphore holds nothing to dispose of as long as nobody asks for its wait handle.
internal sealed class AsyncOnce(Func<CancellationToken, Task> run)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile bool _done;

    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        if (_done)
            return;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_done)
                return;
            await run(cancellationToken);
            _done = true;
        }
        finally
        {
            _gate.Release();
        }
    }
}
