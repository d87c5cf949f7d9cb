namespace ForgeShop.Documents;

/// <summary>
/// What MongoDB and PostgreSQL (jsonb) can both do without a transaction over several documents, and no more: the port behind
/// which a service need not know which of them it has.
/// </summary>
public interface IDocumentStore
{
    /// <summary>A collection as <paramref name="model"/> declares it. It is created in the store when it is first used.</summary>
    IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class;

    /// <summary>Asks the server for a sign of life; throws when there is none.</summary>
    Task PingAsync(CancellationToken cancellationToken);
}
