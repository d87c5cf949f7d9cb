namespace ForgeShop.Messaging.Tests;

/// <summary>A wall clock that a test sets; durations are measured as usual.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
}
