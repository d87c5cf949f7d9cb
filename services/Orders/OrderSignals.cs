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
    private readonly Dictionary<UserId, int> _streams = [];
    private int _count;

    /// <summary>To be disposed of. Null where there is no room: for this user (<paramref name="isUsersLimit"/>), so that nobody takes it all, or for anybody.</summary>
    public Subscription? TryFollow(OrderId order, UserId user, FollowOptions limits, out bool isUsersLimit)
    {
        lock (_lock)
        {
            var theirs = _streams.GetValueOrDefault(user);
            isUsersLimit = theirs >= limits.MaxStreamsPerUser;
            if (isUsersLimit || _count >= limits.MaxStreams)
                return null;
            _count++;
            _streams[user] = theirs + 1;
            var subscription = new Subscription(this, order, user);
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
            if (--_streams[subscription.User] == 0)
                _streams.Remove(subscription.User);
            if (followers.Count == 0)
                _followers.Remove(subscription.Order);
        }
    }

    public sealed class Subscription(OrderSignals signals, OrderId order, UserId user) : IDisposable
    {
        private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        internal OrderId Order => order;

        internal UserId User => user;

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
