namespace ForgeShop.DevKafka.Log;

/// <summary>A file whose written bytes can be forced from the page cache to the disk.</summary>
internal interface IFlushable
{
    void FlushToDisk();
}

/// <summary>
/// Flushes written files in the background, one flush interval after the first write. A killed broker loses nothing, because the
/// page cache belongs to the kernel; a crash of the machine can lose the last flush interval.
/// </summary>
internal sealed class Flusher : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeSpan _interval;
    private readonly ITimer _timer;
    private HashSet<IFlushable> _written = [];

    public Flusher(TimeSpan interval, TimeProvider time)
    {
        _interval = interval;
        _timer = time.CreateTimer(_ => FlushAll(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(IFlushable file)
    {
        lock (_lock)
        {
            if (_written.Add(file) && _written.Count == 1)
                _timer.Change(_interval, Timeout.InfiniteTimeSpan);
        }
    }

    public void FlushAll()
    {
        HashSet<IFlushable> files;
        lock (_lock)
            (files, _written) = (_written, []);
        foreach (var file in files)
        {
            try
            {
                file.FlushToDisk();
            }
            catch (ObjectDisposedException)
            {
                // Retention or DeleteTopics removed the file after it was written.
            }
            catch (IOException exception)
            {
                Diagnostics.Warn($"Flushing failed: {exception.Message}");
            }
        }
    }

    public void Dispose() => _timer.Dispose();
}
