namespace ForgeShop.ServiceDefaults;

/// <summary>The transient errors of the service's stores; HTTP returns 503 with Retry-After for them.</summary>
public sealed class OutageOptions
{
    /// <summary>Gets one condition for each kind of store.</summary>
    public IList<Func<Exception, bool>> Conditions { get; } = [TransientPostgresErrors.Contains];
}
