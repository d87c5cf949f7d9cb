namespace ForgeShop.ServiceDefaults;

/// <summary>Collects everything that is wrong with a request, so that the caller hears it all at once.</summary>
public sealed class ValidationErrors
{
    private readonly Dictionary<string, List<string>> _messages = [];

    public bool Any => _messages.Count > 0;

    /// <summary>Adds a message to a field; null means that a check found nothing.</summary>
    public void Add(string field, string? message)
    {
        if (message is null)
            return;
        if (!_messages.TryGetValue(field, out var messages))
            _messages[field] = messages = [];
        if (!messages.Contains(message))
            messages.Add(message);
    }

    public ProblemResult ToProblem() => Problems.Validation(ByField());

    /// <summary>The same under another status and code, where what the fields say is well-formed and still impossible.</summary>
    public ProblemResult ToProblem(int status, string code, string detail) => Problems.Validation(ByField(), status, code, detail);

    private Dictionary<string, string[]> ByField() => _messages.ToDictionary(field => field.Key, field => field.Value.ToArray());
}
