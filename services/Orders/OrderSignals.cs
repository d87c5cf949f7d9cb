using System.Threading.Channels;
using ForgeShop.Contracts;

namespace ForgeShop.Orders;

/// <summary>
/// Tells those who follow an order in this process that it changed. Only that: what changed they read themselves, and they look now and then anyway, since a
/// change may be made by another replica.
/// </summary>
public sealed class OrderSignals
{
    private readonly Lock _lock = new();
    private readonly Dictionary<OrderId, List<Subscription>> _followers = [];
    private int _count;

    /// <summary>To be disposed of. Null where as many as <paramref name="limit"/> follow orders already.</summary>
    public Subscription? TryFollow(OrderId order, int limit)
    {
        lock (_lock)
        {
            if (_count >= limit)
                return null;
            _count++;
            var subscription = new Subscription(this, order);
            if (_followers.TryGetValue(order, out var others))
                others.Add(subscription);
            else
                _followers.Add(order, [subscription]);
            return subscription;
        }
    }

    public void Raise(OrderId order)
    {
        lock (_lock)
        {
            foreach (var follower in _followers.GetValueOrDefault(order) ?? [])
                follower.Signal();
        }
    }

    private void Leave(Subscription subscription)
    {
        lock (_lock)
        {
            if (!_followers.TryGetValue(subscription.Order, out var followers) || !followers.Remove(subscription))
                return;
            _count--;
            if (followers.Count == 0)
                _followers.Remove(subscription.Order);
        }
    }

    public sealed class Subscription(OrderSignals signals, OrderId order) : IDisposable
    {
        private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        internal OrderId Order => order;

        internal void Signal() => _channel.Writer.TryWrite(true);

        /// <summary>Waits for a change, at most for <paramref name="timeout"/>.</summary>
        public async Task WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
        {
            using var limit = new CancellationTokenSource(timeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                await _channel.Reader.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Nothing happened: the caller looks for itself.
            }
        }

        public void Dispose() => signals.Leave(this);
    }
}
