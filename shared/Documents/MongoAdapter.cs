using System.Reflection;

namespace ForgeShop.Documents;

/// <summary>
/// What the MongoDB adapter implements, in an assembly of its own that is found by name: it exists only where the package feed carries
/// the MongoDB driver, and a shop on PostgreSQL need not load it.
/// </summary>
public interface IDocumentAdapter
{
    IDocumentStore Open(string connectionString, IServiceProvider services);
}

internal static class MongoAdapter
{
    public const string ActivitySource = "MongoDB.Driver";

    private const string AssemblyName = "ForgeShop.Documents.MongoDB";

    public static bool Serves(string connectionString) =>
        connectionString.StartsWith("mongodb://", StringComparison.OrdinalIgnoreCase) || connectionString.StartsWith("mongodb+srv://", StringComparison.OrdinalIgnoreCase);

    public static IDocumentStore Open(string connectionString, IServiceProvider services)
    {
        var adapter = Load().GetExportedTypes().SingleOrDefault(type => type.IsClass && type.IsAssignableTo(typeof(IDocumentAdapter)))
            ?? throw new InvalidOperationException($"{AssemblyName} holds no adapter: it was built on a package feed without the MongoDB driver. Build on a complete feed, or use PostgreSQL.");
        return ((IDocumentAdapter)Activator.CreateInstance(adapter)!).Open(connectionString, services);
    }

    private static Assembly Load()
    {
        try
        {
            return Assembly.Load(new AssemblyName(AssemblyName));
        }
        catch (FileNotFoundException exception)
        {
            throw new InvalidOperationException($"The connection string asks for MongoDB, but {AssemblyName}.dll is not beside the program. Build on a complete package feed, or use PostgreSQL.", exception);
        }
    }
}
