namespace ForgeShop.Journeys;

/// <summary>A running shop, on native servers or on containers, as Aspire's test host or <c>./forge up</c> starts it.</summary>
public interface IShopUnderTest
{
    /// <summary>Gets a plain client of the gateway.</summary>
    HttpClient Http { get; }

    /// <summary>Returns the connection string of a service's database.</summary>
    Task<string> Database(string service);

    /// <summary>Kills a service (SIGKILL), and returns when the next process of it is healthy.</summary>
    Task KillAndRestart(string service, CancellationToken cancellationToken);
}
