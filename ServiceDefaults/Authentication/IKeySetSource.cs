namespace ForgeShop.ServiceDefaults;

/// <summary>Where the public keys are that access tokens are verified with. Users has them; every other service asks Users.</summary>
public interface IKeySetSource
{
    /// <summary>The keys as a JSON Web Key Set (RFC 7517).</summary>
    Task<string> ReadAsync(CancellationToken cancellationToken);
}
