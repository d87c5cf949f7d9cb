namespace ForgeShop.Messaging.Tests;

/// <summary>A wall clock that a test sets; what measures durations runs on as usual.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
}
