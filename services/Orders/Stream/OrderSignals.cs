namespace ForgeShop.Orders;

/// <summary>
/// Signals changes of an order to its streams in this replica. A stream reads the change from the database, and also polls, because another
/// replica may have made the change.
/// </summary>
public sealed class OrderSignals
{
    private readonly Lock _lock = new();
    private readonly Dictionary<OrderId, List<Subscription>> _followers = [];
    private readonly Dictionary<UserId, List<Subscription>> _streams = [];
    private int _count;

    /// <summary>
    /// Returns a subscription, to be disposed of; null if the replica has no free stream. A user at the maximum loses the oldest stream,
    /// because its client may have left without closing it.
    /// </summary>
    public Subscription? TryFollow(OrderId order, UserId user, FollowOptions limits)
    {
        lock (_lock)
        {
            if (_streams.TryGetValue(user, out var theirs) && theirs.Count >= limits.MaxStreamsPerUser)
            {
                var oldest = theirs[0];
                Leave(oldest);
                oldest.Displace();
            }

            if (_count >= limits.MaxStreams)
                return null;
            _count++;
            var subscription = new Subscription(this, order, user);
            if (_streams.TryGetValue(user, out theirs))
                theirs.Add(subscription);
            else
                _streams.Add(user, [subscription]);
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
                follower.Set();
        }
    }

    private void Leave(Subscription subscription)
    {
        lock (_lock)
        {
            if (!_followers.TryGetValue(subscription.Order, out var followers) || !followers.Remove(subscription))
                return;
            _count--;
            var theirs = _streams[subscription.User];
            theirs.Remove(subscription);
            if (theirs.Count == 0)
                _streams.Remove(subscription.User);
            if (followers.Count == 0)
                _followers.Remove(subscription.Order);
        }
    }

    public sealed class Subscription(OrderSignals signals, OrderId order, UserId user) : WakeUp, IDisposable
    {
        internal OrderId Order => order;

        internal UserId User => user;

        /// <summary>Gets whether a newer stream of the same user displaced this one.</summary>
        public bool IsDisplaced { get; private set; }

        internal void Displace()
        {
            IsDisplaced = true;
            Set();
        }

        public void Dispose() => signals.Leave(this);
    }
}
