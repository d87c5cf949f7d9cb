namespace ForgeShop.Operator.DeadLetters;

/// <summary><c>forge dlq</c>: list, retry and discard.</summary>
public sealed class DeadLetterCommands(string kafka, TextWriter output, TimeProvider time)
{
    /// <summary>Lists the open letters of a topic, or of one event in it; with <paramref name="all"/> also the settled ones.</summary>
    public async Task<int> ListAsync(string topic, string? eventId, bool all, CancellationToken cancellationToken)
    {
        var letters = new DeadLetterTopic(kafka, topic, time);
        var listed = Find(letters, eventId, cancellationToken).Where(letter => all || letter.Settlement is null).ToList();
        foreach (var letter in listed)
            await output.WriteLineAsync(letter.ToString());
        await output.WriteLineAsync($"{Count(listed.Count)} in {letters.Name}");
        return 0;
    }

    /// <summary>Publishes the messages of the open letters again, each for the group that could not handle it.</summary>
    /// <returns>1 if a message no longer exists; the others are published.</returns>
    public async Task<int> RetryAsync(string topic, string? eventId, CancellationToken cancellationToken)
    {
        var letters = new DeadLetterTopic(kafka, topic, time);
        var (retried, missing) = (0, 0);
        foreach (var letter in Find(letters, eventId, cancellationToken).Where(letter => letter.Settlement is null))
        {
            if (await letters.RetryAsync(letter, cancellationToken))
            {
                retried++;
                await output.WriteLineAsync($"retried {letter.Id} for group {letter.Group}");
            }
            else
            {
                missing++;
                await output.WriteLineAsync(
                    $"not retried {letter.Id} for group {letter.Group}: its topic no longer has the message; "
                    + "./forge outbox replay of the publishing service publishes it again");
            }
        }
        await output.WriteLineAsync($"{Count(retried)} of {letters.Name} retried{(missing == 0 ? "" : $", {missing} not")}");
        return missing == 0 ? 0 : 1;
    }

    /// <summary>Settles the letters of a message without handling it.</summary>
    public async Task<int> DiscardAsync(string topic, string eventId, string reason, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(reason))
            throw new OperatorException("a reason is needed to discard a dead letter: --reason TEXT");
        var letters = new DeadLetterTopic(kafka, topic, time);
        var open = Find(letters, eventId, cancellationToken).Where(letter => letter.Settlement is null).ToList();
        foreach (var letter in open)
        {
            await letters.DiscardAsync(letter, reason.Trim(), cancellationToken);
            await output.WriteLineAsync($"discarded {letter.Id} for group {letter.Group}");
        }
        await output.WriteLineAsync($"{Count(open.Count)} of {letters.Name} discarded");
        return 0;
    }

    /// <exception cref="OperatorException">The event has no dead letter.</exception>
    private static List<DeadLetter> Find(DeadLetterTopic letters, string? eventId, CancellationToken cancellationToken)
    {
        var found = letters.Read(cancellationToken)
            .Where(letter => eventId is null || string.Equals(letter.Id, eventId, StringComparison.OrdinalIgnoreCase)).ToList();
        return found.Count > 0 || eventId is null
            ? found
            : throw new OperatorException(
                $"event {eventId} has no dead letter in {letters.Name}; ./forge dlq list {letters.Name} shows them");
    }

    private static string Count(int letters) => letters == 1 ? "1 dead letter" : $"{letters} dead letters";
}
