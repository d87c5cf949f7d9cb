namespace ForgeShop.Operator.DeadLetters;

/// <summary><c>forge dlq</c>: list, retry, skip. Every line of output names events by their IDs and nobody by name.</summary>
public sealed class DeadLetterCommands(string kafka, TextWriter output)
{
    public async Task<int> ListAsync(string topic, CancellationToken cancellationToken)
    {
        var letters = DeadLetterTopic.Open(kafka, topic);
        var open = letters.Open(cancellationToken);
        foreach (var letter in open)
            await output.WriteLineAsync(letter.ToString());
        await output.WriteLineAsync($"{Count(open.Count)} in {letters.Name}");
        return 0;
    }

    /// <summary>Publishes what nobody has dealt with to its topic again, in order. Those who handled it meanwhile drop it.</summary>
    /// <returns>1 if there is something that was too large to be kept, and so is left. Everything else is published all the same.</returns>
    public async Task<int> RetryAsync(string topic, string? eventId, CancellationToken cancellationToken)
    {
        var letters = DeadLetterTopic.Open(kafka, topic);
        var open = eventId is null ? letters.Open(cancellationToken) : Find(letters, eventId, cancellationToken);
        var left = 0;
        foreach (var ofOneMessage in open.GroupBy(letter => letter.Id))
        {
            var what = $"{ofOneMessage.First().Name}, for group {string.Join(", ", ofOneMessage.Select(letter => letter.Group))}";
            if (ofOneMessage.All(letter => letter.IsShortened))
            {
                left += ofOneMessage.Count();
                await output.WriteLineAsync($"not retried {what}: it was too large to be kept here; ./forge outbox replay of the service that published it brings it back, ./forge dlq skip goes on without it");
                continue;
            }
            await letters.RetryAsync([.. ofOneMessage], cancellationToken);
            await output.WriteLineAsync($"retried {what}");
        }
        await output.WriteLineAsync(open.Count == 0
            ? $"nothing to retry in {letters.Name}"
            : $"{Count(open.Count - left)} of {letters.Name} retried{(left == 0 ? "" : $", {left} not")}");
        return left == 0 ? 0 : 1;
    }

    /// <summary>Lets the groups go on without an event, or without those that are missing before it.</summary>
    /// <exception cref="OperatorException">It is not the event that they stand before.</exception>
    public async Task<int> SkipAsync(string topic, string eventId, CancellationToken cancellationToken)
    {
        var letters = DeadLetterTopic.Open(kafka, topic);
        var open = Find(letters, eventId, cancellationToken);
        // One that is not whole cannot be retried either: it can at least be closed.
        if (open.Exists(letter => letter is { FoundNoRoom: true, IsShortened: false }))
            throw new OperatorException($"event {eventId} waits for an earlier dead letter of {open[0].Subject}, and everything in between with it; retry or skip that one");
        foreach (var letter in open)
        {
            await letters.SkipAsync(letter, cancellationToken);
            await output.WriteLineAsync(letter.Cause switch
            {
                "missing" => $"group {letter.Group} goes on with event {letter.Id}, without what is missing before it",
                "no-room" => $"the letter of event {letter.Id} for group {letter.Group} is closed; what waits before it comes first, and if it has not come again by then, a dead letter of the next event says so",
                _ => $"group {letter.Group} goes on without {(letter.IsEvent ? "event" : "message")} {letter.Id}",
            });
        }
        if (open.Count == 0)
            await output.WriteLineAsync($"nothing to skip in {letters.Name}");
        return 0;
    }

    /// <exception cref="OperatorException">There never was a dead letter of that event.</exception>
    private static List<DeadLetter> Find(DeadLetterTopic letters, string eventId, CancellationToken cancellationToken)
    {
        var found = letters.All(cancellationToken).Where(letter => string.Equals(letter.Letter.Id, eventId, StringComparison.OrdinalIgnoreCase)).ToList();
        if (found.Count == 0)
            throw new OperatorException($"there is no dead letter of event {eventId} in {letters.Name}; ./forge dlq list {letters.Name} shows them");
        return [.. found.Where(letter => !letter.IsSettled).Select(letter => letter.Letter)];
    }

    private static string Count(int letters) => letters == 1 ? "1 dead letter" : $"{letters} dead letters";
}
