namespace ForgeShop.Fuzz.Ids;

/// <summary>The smallest derivation for which a port and .NET differ.</summary>
public sealed record IdDifference(string Port, string Line, string Expected, string Actual)
{
    public override string ToString() => $"{Port}: {Actual}\n  .NET: {Expected}\n  {Line}";
}

/// <summary>The counts of a run.</summary>
public sealed class IdFuzzCounts(string port)
{
    public string Port { get; } = port;

    public long Compared { get; internal set; }

    public long Ids { get; internal set; }

    /// <summary>Gets the reasons of the refusals.</summary>
    public HashSet<string> Reasons { get; } = [];
}

/// <summary>
/// Compares the IDs and refusals of the ports with those of .NET, for random and hostile keys. Equal to .NET for each port means equal
/// among all. The same seed gives the same keys.
/// </summary>
/// <param name="postgres">The URI of the database in which the SQL functions run.</param>
public sealed class IdFuzz(IReadOnlyList<Port> ports, string? postgres, int seed)
{
    private const int BatchSize = 50_000;
    private const int MaxRounds = 300;
    private const int CandidatesAtOnce = 200;

    private readonly Dictionary<string, IdFuzzCounts> _counts = ports.ToDictionary(port => port.Name, port => new IdFuzzCounts(port.Name));
    private readonly List<IdDifference> _differences = [];

    /// <summary>Gets the number of keys that were derived; <see cref="Counts"/> has the number that each port was given.</summary>
    public long Keys { get; private set; }

    public IReadOnlyCollection<IdFuzzCounts> Counts => _counts.Values;

    /// <summary>Gets the number of comparisons of all ports.</summary>
    public long Compared => _counts.Values.Sum(count => count.Compared);

    /// <summary>Gets one difference of each port that has any.</summary>
    public IReadOnlyList<IdDifference> Differences => _differences;

    /// <summary>Compares keys until there are enough, the time is over, or the ports differ.</summary>
    public async Task RunAsync(long keys, TimeSpan duration, Action<IdFuzz>? afterBatch, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var batch = 0; Keys < keys && _differences.Count == 0 && TimeProvider.System.GetElapsedTime(started) < duration; batch++)
        {
            var generator = new DerivationGenerator(unchecked((seed * 16_777_619) ^ (batch * 92_821)));
            var size = (int)Math.Min(BatchSize, keys - Keys);
            var derivations = Enumerable.Range(0, size).Select(_ => generator.Next()).ToList();
            var lines = derivations.ConvertAll(derivation => derivation.ToLine());
            var answers = derivations.ConvertAll(DotnetDerivation.Derive);
            await Task.WhenAll(ports.Select(port => CompareAsync(port, derivations, lines, answers, cancellationToken)));
            Keys += size;
            afterBatch?.Invoke(this);
        }
    }

    private async Task CompareAsync(
        Port port, List<Derivation> derivations, List<string> lines, List<Answer> answers, CancellationToken cancellationToken)
    {
        var mine = Enumerable.Range(0, lines.Count).Where(index => index % port.OneIn == 0).ToList();
        var texts = await port.DeriveAsync(mine.ConvertAll(index => lines[index]), postgres, cancellationToken);
        var (counts, different) = (_counts[port.Name], (Derivation?)null);
        for (var at = 0; at < mine.Count; at++)
        {
            var (answer, actual) = (answers[mine[at]], Answer.Read(texts[at]));
            counts.Compared++;
            if (actual?.Id is not null)
                counts.Ids++;
            else if (actual?.Refusal is { } refusal && port.Holds(lines[mine[at]]))
                counts.Reasons.Add(refusal.Reason);
            if (!IsEqual(port, lines[mine[at]], answer, actual))
                different ??= derivations[mine[at]];
        }

        // Others of the port are mostly the same difference.
        if (different is null)
            return;
        var difference = await ShrinkAsync(port, different, cancellationToken);
        lock (_differences)
            _differences.Add(difference);
    }

    /// <summary>Replaces the derivation by the first smaller one that still differs, as long as there is one.</summary>
    private async Task<IdDifference> ShrinkAsync(Port port, Derivation derivation, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxRounds && await SmallerAsync(port, derivation, cancellationToken) is { } smaller; round++)
            derivation = smaller;

        var line = derivation.ToLine();
        var actual = (await port.DeriveAsync([line], postgres, cancellationToken))[0];
        return new(port.Name, line, $"{Expected(port, DotnetDerivation.Derive(derivation))}", actual);
    }

    private async Task<Derivation?> SmallerAsync(Port port, Derivation derivation, CancellationToken cancellationToken)
    {
        foreach (var candidates in Shrinking.Smaller(derivation).Chunk(CandidatesAtOnce))
        {
            var lines = Array.ConvertAll(candidates, candidate => candidate.ToLine());
            var texts = await port.DeriveAsync(lines, postgres, cancellationToken);
            for (var at = 0; at < candidates.Length; at++)
            {
                if (!IsEqual(port, lines[at], DotnetDerivation.Derive(candidates[at]), Answer.Read(texts[at])))
                    return candidates[at];
            }
        }

        return null;
    }

    private static bool IsEqual(Port port, string line, Answer answer, Answer? actual)
    {
        if (actual is null)
            return false;
        // What the language's texts cannot hold is refused before the port sees it.
        return answer.Refusal is not null && !port.Holds(line) ? actual.Refusal is not null : actual == Expected(port, answer);
    }

    private static Answer Expected(Port port, Answer answer) =>
        port.HasUtf8 && answer.Refusal is { } refusal ? answer with { Refusal = refusal.InUtf8() } : answer;
}
