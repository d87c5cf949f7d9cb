namespace ForgeShop.Reporting;

/// <summary>An event or command with its place among the others of its aggregate.</summary>
public interface ICausalMessage
{
    EventId Id { get; }
    EventId? CausationId { get; }
    Guid Subject { get; }

    /// <summary>Gets whether this is a command. An aggregate's commands and its events are counted apart.</summary>
    bool IsCommand { get; }
    long Sequence { get; }
    DateTimeOffset Time { get; }
}

/// <summary>
/// Sorts events and commands by time, but never one before its cause or before an earlier one of its aggregate: the clocks of two services
/// may differ.
/// </summary>
public static class CausalOrder
{
    public static IReadOnlyList<T> Sort<T>(IEnumerable<T> messages) where T : ICausalMessage
    {
        var byTime = messages.OrderBy(message => message.Time).ThenBy(message => message.Sequence).ThenBy(message => message.Id.Value)
            .ToList();
        var (ordered, seen) = (new List<T>(byTime.Count), new HashSet<EventId>());

        void Add(T next)
        {
            if (!seen.Add(next.Id))
                return;
            foreach (var earlier in byTime.Where(earlier => IsBefore(earlier, next)))
                Add(earlier);
            ordered.Add(next);
        }

        byTime.ForEach(Add);
        return ordered;
    }

    private static bool IsBefore(ICausalMessage earlier, ICausalMessage next) => next.CausationId == earlier.Id
        || (next.Subject == earlier.Subject && next.IsCommand == earlier.IsCommand && next.Sequence > earlier.Sequence);
}
