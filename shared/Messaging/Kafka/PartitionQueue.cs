using System.Text;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Messaging.Kafka;

/// <summary>
/// Handles the messages of one partition in their order. A message that fails opens a lane for its key: there it is tried again with growing
/// pauses, what follows with the same key waits behind it, all other keys go on. Once it is dead, what follows is parked in the inbox and
/// the lane is closed. The position is the last message before which everything is done.
/// </summary>
internal sealed class PartitionQueue : IDisposable
{
    private readonly MessageProcessor _processor;
    private readonly MessagingOptions _options;
    private readonly MessagingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<Delivery> _incoming = Channel.CreateUnbounded<Delivery>(new() { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Lock _lock = new();
    private readonly Queue<Delivery> _open = new();
    private readonly Dictionary<string, Queue<Delivery>> _lanes = [];
    private readonly HashSet<Task> _work = [];
    private readonly Task _run;
    private Delivery? _position;
    private bool _moved;
    private (long End, DateTimeOffset At)? _ahead;
    private DateTimeOffset? _caughtUpTo;

    public PartitionQueue(
        TopicPartitionOffset start, MessageProcessor processor, MessagingOptions options, MessagingMetrics metrics, TimeProvider time, ILogger logger)
    {
        (Partition, Start) = (start.TopicPartition, start.Offset);
        (_processor, _options, _metrics, _time, _logger) = (processor, options, metrics, time, logger);
        _run = Task.Run(RunAsync);
    }

    private sealed class Delivery(ConsumeResult<byte[]?, byte[]?> consumed)
    {
        public ConsumeResult<byte[]?, byte[]?> Consumed => consumed;
        public string Key { get; } = KeyOf(consumed.Message.Key ?? []);
        public bool Done { get; set; }
    }

    private static string KeyOf(byte[] key) => Convert.ToHexString(key);

    private static string KeyOf(StreamKey stream) => KeyOf(Encoding.ASCII.GetBytes(stream.Subject.ToString("D")));

    public TopicPartition Partition { get; }

    /// <summary>Where reading began; <see cref="Offset.Beginning"/> for the first message that there is.</summary>
    public Offset Start { get; }

    /// <summary>How many messages are not done. The poll loop keeps it bounded by pausing the partition.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _open.Count;
        }
    }

    public bool IsPaused { get; set; }

    public void Add(ConsumeResult<byte[]?, byte[]?> consumed)
    {
        var delivery = new Delivery(consumed);
        lock (_lock)
            _open.Enqueue(delivery);
        _incoming.Writer.TryWrite(delivery);
    }

    /// <summary>The position, if it moved since the last call.</summary>
    public LogAnchor? TakePosition()
    {
        lock (_lock)
        {
            if (!_moved || _position is null)
                return null;
            _moved = false;
            var consumed = _position.Consumed;
            return new(consumed.Topic, consumed.Partition.Value, consumed.Offset.Value, CloudEvents.IdentityOf(consumed.Message));
        }
    }

    /// <summary>What broke the queue itself. No message's failure does; then the consumer must be built anew.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Begins no further message and waits for those that are being handled; cancels them if they take too long.</summary>
    public async Task StopAsync(TimeSpan timeout)
    {
        _incoming.Writer.TryComplete();
        _abort.CancelAfter(timeout);
        await _stop.CancelAsync();
        await _run;
        Task[] work;
        lock (_lock)
            work = [.. _work];
        await Task.WhenAll(work);
    }

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }

    /// <summary>Works off what is parked of a stream, unless its key is being worked off already.</summary>
    public void Release(StreamKey stream)
    {
        lock (_lock)
        {
            if (!_stop.IsCancellationRequested && !_lanes.ContainsKey(KeyOf(stream)))
                OpenLane(KeyOf(stream), null, new(null, stream));
        }
    }

    /// <summary>
    /// Up to when everything that was appended to the partition has been handled or parked. Not exact, and not after the truth: for those who
    /// wait for an event that should be in the log.
    /// </summary>
    public DateTimeOffset? CaughtUpTo
    {
        get
        {
            lock (_lock)
                return _caughtUpTo;
        }
    }

    /// <param name="end">Where the partition ends now.</param>
    /// <param name="position">What is read next.</param>
    /// <param name="now">When that was so.</param>
    public void Measure(long end, long position, DateTimeOffset now)
    {
        lock (_lock)
        {
            var done = _open.TryPeek(out var first) ? first.Consumed.Offset.Value : position;
            _ahead ??= (end, now);
            if (done < _ahead.Value.End)
                return;
            _caughtUpTo = _ahead.Value.At;
            _ahead = (end, now);
        }
    }

    private Task RunAsync() => GuardAsync(async () =>
    {
        await foreach (var delivery in _incoming.Reader.ReadAllAsync(_stop.Token))
        {
            if (IsBehindAnother(delivery))
                continue;
            var attempt = await TryAsync(delivery.Consumed);
            if (attempt is { Error: null, Behind: null })
                Complete(delivery);
            else
                OpenLane(delivery.Key, delivery, attempt);
        }
    });

    private Task<Attempt> TryAsync(ConsumeResult<byte[]?, byte[]?> consumed) => _processor.TryAsync(consumed, _stop.Token, _abort.Token);

    private async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped: what is not done is read again by whoever has the partition next.
        }
        catch (Exception exception)
        {
            Fault = exception;
        }
    }

    private bool IsBehindAnother(Delivery delivery)
    {
        lock (_lock)
        {
            if (!_lanes.TryGetValue(delivery.Key, out var waiting))
                return false;
            waiting.Enqueue(delivery);
            return true;
        }
    }

    private void OpenLane(string key, Delivery? first, Attempt attempt)
    {
        lock (_lock)
        {
            var waiting = new Queue<Delivery>();
            if (!_lanes.TryAdd(key, waiting))
            {
                // What was parked of this key is being worked off since a moment ago: this one is tried again behind it.
                _lanes[key].Enqueue(first!);
                return;
            }
            var work = Task.Run(() => GuardAsync(() => WorkAsync(key, waiting, first, attempt)));
            _work.Add(work);
            work.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private void Forget(Task work)
    {
        lock (_lock)
            _work.Remove(work);
    }

    /// <summary>Works off a key: its first message until it is handled or dead, then what waits behind it.</summary>
    private async Task WorkAsync(string key, Queue<Delivery> waiting, Delivery? first, Attempt attempt)
    {
        if (first is null)
            await WorkOffParkedAsync(attempt.Behind);
        else
            await SettleAsync(first, attempt);
        while (Next(key, waiting) is { } delivery)
            await SettleAsync(delivery, await TryAsync(delivery.Consumed));
    }

    private async Task SettleAsync(Delivery delivery, Attempt attempt)
    {
        await WorkOffParkedAsync(await RetryAsync(delivery.Consumed, attempt));
        Complete(delivery);
    }

    private async Task WorkOffParkedAsync(StreamKey? behind)
    {
        while (behind is { } stream && await _processor.NextParkedAsync(stream, Partition, _stop.Token, _abort.Token) is { } parked)
            behind = await RetryAsync(parked, await TryAsync(parked));
    }

    /// <summary>Tries a message until it is handled or dead.</summary>
    /// <returns>Its stream, if something is parked behind it whose turn it may be now.</returns>
    private async Task<StreamKey?> RetryAsync(ConsumeResult<byte[]?, byte[]?> consumed, Attempt attempt)
    {
        for (var attempts = 1; attempt.Error is { } error; attempts++)
        {
            if (MessageProcessor.IsFinal(error) || attempts >= _options.MaxHandleAttempts)
            {
                await _processor.BuryAsync(consumed, error, attempts, _stop.Token, _abort.Token);
                return null;
            }
            await PauseAsync(consumed, error, attempts);
            attempt = await TryAsync(consumed);
        }
        return attempt.Behind;
    }

    private Task PauseAsync(ConsumeResult<byte[]?, byte[]?> consumed, Exception error, int attempts)
    {
        var pause = Backoff.After(attempts, _options.MinBackoff, _options.MaxBackoff);
        _metrics.Retried(Partition.Topic);
        _logger.LogWarning(error, "Message {Offset} of {Topic}, partition {Partition}, failed (attempt {Attempt}); its key waits {Pause}",
            consumed.Offset.Value, consumed.Topic, consumed.Partition.Value, attempts, pause);
        return Task.Delay(pause, _time, _stop.Token);
    }

    private Delivery? Next(string key, Queue<Delivery> waiting)
    {
        lock (_lock)
        {
            if (waiting.TryDequeue(out var delivery))
                return delivery;
            _lanes.Remove(key);
            return null;
        }
    }

    private void Complete(Delivery delivery)
    {
        lock (_lock)
        {
            delivery.Done = true;
            while (_open.TryPeek(out var first) && first.Done)
            {
                _position = _open.Dequeue();
                _moved = true;
            }
        }
    }
}
