using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Messaging.Kafka;

/// <summary>
/// Handles the messages of one partition in their order. A message that fails parks its key: it is tried again with growing pauses, what
/// follows with the same key waits behind it, all other keys go on. The position is the last message before which everything is done.
/// </summary>
internal sealed class PartitionQueue : IDisposable
{
    private readonly MessageProcessor _processor;
    private readonly DeadLetters _deadLetters;
    private readonly MessagingOptions _options;
    private readonly MessagingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<Delivery> _incoming = Channel.CreateUnbounded<Delivery>(new() { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Lock _lock = new();
    private readonly Queue<Delivery> _open = new();
    private readonly Dictionary<string, Queue<Delivery>> _parked = [];
    private readonly HashSet<Task> _retries = [];
    private readonly Task _run;
    private Delivery? _position;
    private bool _moved;

    public PartitionQueue(
        TopicPartition partition, MessageProcessor processor, DeadLetters deadLetters, MessagingOptions options, MessagingMetrics metrics, TimeProvider time, ILogger logger)
    {
        Partition = partition;
        (_processor, _deadLetters, _options, _metrics, _time, _logger) = (processor, deadLetters, options, metrics, time, logger);
        _run = Task.Run(RunAsync);
    }

    private sealed class Delivery(ConsumeResult<byte[]?, byte[]?> consumed)
    {
        public ConsumeResult<byte[]?, byte[]?> Consumed => consumed;
        public string Key { get; } = Convert.ToHexString(consumed.Message.Key ?? []);
        public bool Done { get; set; }
    }

    public TopicPartition Partition { get; }

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
        Task[] retries;
        lock (_lock)
            retries = [.. _retries];
        await Task.WhenAll(retries);
    }

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }

    private Task RunAsync() => GuardAsync(async () =>
    {
        await foreach (var delivery in _incoming.Reader.ReadAllAsync(_stop.Token))
        {
            if (IsBehindParked(delivery))
                continue;
            if (await TryAsync(delivery) is { } error)
                Park(delivery, error);
            else
                Complete(delivery);
        }
    });

    private Task<Exception?> TryAsync(Delivery delivery) => _processor.TryAsync(delivery.Consumed, _stop.Token, _abort.Token);

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

    private bool IsBehindParked(Delivery delivery)
    {
        lock (_lock)
        {
            if (!_parked.TryGetValue(delivery.Key, out var waiting))
                return false;
            waiting.Enqueue(delivery);
            return true;
        }
    }

    private void Park(Delivery delivery, Exception error)
    {
        var waiting = new Queue<Delivery>([delivery]);
        lock (_lock)
        {
            _parked.Add(delivery.Key, waiting);
            var retry = Task.Run(() => GuardAsync(() => RetryAsync(delivery.Key, waiting, error)));
            _retries.Add(retry);
            retry.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private void Forget(Task retry)
    {
        lock (_lock)
            _retries.Remove(retry);
    }

    /// <summary>Works off a parked key: its first message until it is handled or dead, then what waits behind it.</summary>
    private async Task RetryAsync(string key, Queue<Delivery> waiting, Exception? error)
    {
        while (Next(key, waiting) is { } delivery)
        {
            error ??= await TryAsync(delivery);
            for (var attempts = 1; error is not null; attempts++)
            {
                if (error is UnreadableMessageException || attempts >= _options.MaxHandleAttempts)
                {
                    await _deadLetters.AddAsync(delivery.Consumed, error, attempts, _stop.Token);
                    break;
                }
                await PauseAsync(delivery, error, attempts);
                error = await TryAsync(delivery);
            }
            error = null;
            Complete(delivery);
        }
    }

    private Task PauseAsync(Delivery delivery, Exception error, int attempts)
    {
        var pause = Backoff.After(attempts, _options.MinBackoff, _options.MaxBackoff);
        _metrics.Retried(Partition.Topic);
        _logger.LogWarning(error, "Message {Offset} of {Topic}, partition {Partition}, failed (attempt {Attempt}); its key waits {Pause}",
            delivery.Consumed.Offset.Value, Partition.Topic, Partition.Partition.Value, attempts, pause);
        return Task.Delay(pause, _time, _stop.Token);
    }

    private Delivery? Next(string key, Queue<Delivery> waiting)
    {
        lock (_lock)
        {
            if (waiting.TryDequeue(out var delivery))
                return delivery;
            _parked.Remove(key);
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
