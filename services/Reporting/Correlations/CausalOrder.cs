namespace ForgeShop.Reporting;

/// <summary>
/// Sorts events and commands by time, but never one before its cause or before an earlier one of its aggregate: the clocks of two services
/// may differ.
/// </summary>
public static class CausalOrder
{
    /// <param name="Id">The ID of the event or command.</param>
    /// <param name="CausationId">The ID of its cause.</param>
    /// <param name="Subject">The aggregate.</param>
    /// <param name="IsCommand">An aggregate's commands and its events are counted apart.</param>
    /// <param name="Sequence">The sequence number of the event or command.</param>
    /// <param name="Time">The time of the service that sent it.</param>
    public readonly record struct Place(EventId Id, EventId? CausationId, Guid Subject, bool IsCommand, long Sequence, DateTimeOffset Time)
    {
        public bool IsBefore(Place other) => other.CausationId == Id
            || (other.Subject == Subject && other.IsCommand == IsCommand && other.Sequence > Sequence);
    }

    public static IReadOnlyList<T> Sort<T>(IEnumerable<T> messages, Func<T, Place> placeOf)
    {
        var byTime = messages.Select(message => (Message: message, Place: placeOf(message)))
            .OrderBy(entry => entry.Place.Time).ThenBy(entry => entry.Place.Sequence).ThenBy(entry => entry.Place.Id.Value).ToList();
        var (ordered, seen) = (new List<T>(byTime.Count), new HashSet<EventId>());

        void Add((T Message, Place Place) next)
        {
            if (!seen.Add(next.Place.Id))
                return;
            foreach (var earlier in byTime)
            {
                if (earlier.Place.IsBefore(next.Place))
                    Add(earlier);
            }
            ordered.Add(next.Message);
        }

        byTime.ForEach(Add);
        return ordered;
    }
}
