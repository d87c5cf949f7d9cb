namespace ForgeShop.Contracts.Events;

/// <summary>The headers of a dead letter besides its message's, and of an operator's note that the letter is settled.</summary>
public static class DeadLetterHeaders
{
    public const string Prefix = "dlq_";
    public const string Topic = "dlq_topic";
    public const string Partition = "dlq_partition";
    public const string Offset = "dlq_offset";

    /// <summary>The consumer group that failed. On a copy that an operator retries: the only group that handles it.</summary>
    public const string Group = "dlq_group";

    /// <summary>The time of the letter or of the note.</summary>
    public const string Time = "dlq_time";
    public const string Attempts = "dlq_attempts";
    public const string ErrorType = "dlq_error_type";
    public const string Error = "dlq_error";

    /// <summary>The size of the value in bytes, if the letter omits the value because it is too large.</summary>
    public const string OmittedBytes = "dlq_omitted_bytes";

    /// <summary>On a note: the position of the settled letter as <c>partition:offset</c>.</summary>
    public const string Settles = "dlq_settles";

    /// <summary>On a note: retried or discarded.</summary>
    public const string Action = "dlq_action";

    public const string Reason = "dlq_reason";
}
