namespace ForgeShop.Databases;

public static class StoredTime
{
    /// <summary>Returns a time as PostgreSQL keeps it, in microseconds: answers and events before and after a reload are equal.</summary>
    public static DateTimeOffset AsStored(this DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
}
