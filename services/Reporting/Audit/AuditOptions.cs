using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Reporting;

/// <summary>Configuration section <c>Audit</c>.</summary>
public sealed class AuditOptions
{
    /// <summary>The services that are audited besides Reporting itself. A service in any language may be added.</summary>
    public IList<string> Services { get; } = [];

    /// <summary>The services of the shop, which are audited if <see cref="Services"/> is empty.</summary>
    public static IList<string> Shop { get; } = ["users", "inventory", "orders", "payments", "notifications"];

    /// <summary>The number of entries in a page.</summary>
    [Range(1, 1000)]
    public int PageSize { get; set; } = 1000;

    /// <summary>The maximum number of suspects that are collected before they are asked again.</summary>
    [Range(1, 100_000)]
    public int MaxSuspects { get; set; } = 2000;

    /// <summary>The maximum number of findings in a report; all are counted.</summary>
    [Range(1, 10_000)]
    public int MaxFindings { get; set; } = 500;

    /// <summary>The age up to which events are expected in the outbox of their service: the outbox retention of the services.</summary>
    public TimeSpan OutboxRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The maximum time for which the audit waits for outboxes and consumers before it asks suspects again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan SettleTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The number of events a second that Reporting receives, from which the shop is busy and a sweep goes slowly.</summary>
    [Range(0, 1_000_000)]
    public int BusyEventsPerSecond { get; set; } = 50;

    /// <summary>The number of entries a second that a sweep reads while the shop is busy.</summary>
    [Range(1, 1_000_000)]
    public int BusyEntriesPerSecond { get; set; } = 2000;

    /// <summary>The maximum number of times that a suspect is asked again while the shop works.</summary>
    [Range(1, 100)]
    public int MaxRounds { get; set; } = 8;
}
