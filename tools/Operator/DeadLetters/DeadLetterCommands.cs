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
    /// <exception cref="OperatorException">It was too large to be kept. Nothing is published then.</exception>
    public async Task<int> RetryAsync(string topic, string? eventId, CancellationToken cancellationToken)
    {
        var letters = DeadLetterTopic.Open(kafka, topic);
        var open = eventId is null ? letters.Open(cancellationToken) : Find(letters, eventId, cancellationToken);
        if (open.FirstOrDefault(letter => letter.IsShortened) is { } shortened)
            throw new OperatorException($"message {shortened.Id} was too large for a dead letter and can only be skipped, or published again by whoever has it");
        foreach (var ofOneMessage in open.GroupBy(letter => letter.Id))
        {
            await letters.RetryAsync([.. ofOneMessage], cancellationToken);
            await output.WriteLineAsync($"retried {ofOneMessage.First().Name}, for group {string.Join(", ", ofOneMessage.Select(letter => letter.Group))}");
        }
        await output.WriteLineAsync(open.Count == 0 ? $"nothing to retry in {letters.Name}" : $"{Count(open.Count)} of {letters.Name} retried");
        return 0;
    }

    /// <summary>Lets the groups go on without an event, or without those that are missing before it.</summary>
    /// <exception cref="OperatorException">It is not the event that they stand before.</exception>
    public async Task<int> SkipAsync(string topic, string eventId, CancellationToken cancellationToken)
    {
        var letters = DeadLetterTopic.Open(kafka, topic);
        var open = Find(letters, eventId, cancellationToken);
        if (open.Exists(letter => letter.Cause == "no-room"))
            throw new OperatorException($"event {eventId} waits for an earlier dead letter of {open[0].Subject}, and everything in between with it; retry or skip that one");
        foreach (var letter in open)
        {
            await letters.SkipAsync(letter, cancellationToken);
            await output.WriteLineAsync(letter.Cause == "missing"
                ? $"group {letter.Group} goes on with event {letter.Id}, without what is missing before it"
                : $"group {letter.Group} goes on without {(letter.IsEvent ? "event" : "message")} {letter.Id}");
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
