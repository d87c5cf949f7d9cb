namespace ForgeShop.ServiceDefaults;

/// <summary>The errors by which the service's stores say "not now"; HTTP answers them with 503 and Retry-After.</summary>
public sealed class OutageOptions
{
    /// <summary>Gets one condition for each kind of store.</summary>
    public IList<Func<Exception, bool>> Conditions { get; } = [TransientPostgresErrors.Contains];
}
