namespace ForgeShop.ServiceDefaults;

/// <summary>Collects all validation errors of a request, so that one response lists them all.</summary>
public sealed class ValidationErrors
{
    private readonly Dictionary<string, List<string>> _messages = [];

    public bool Any => _messages.Count > 0;

    /// <summary>Adds a message to a field; null adds nothing.</summary>
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

    /// <summary>Returns the errors under another status and code, for values that are well-formed but cannot be processed.</summary>
    public ProblemResult ToProblem(int status, string code, string detail) => Problems.Validation(ByField(), status, code, detail);

    private Dictionary<string, string[]> ByField() => _messages.ToDictionary(field => field.Key, field => field.Value.ToArray());
}
