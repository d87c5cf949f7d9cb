using System.Text.Json;
using ForgeShop.Client;
using System.Text.Json.Serialization;

namespace ForgeShop.Operator;

/// <summary>The addresses of the running shop: the content of <c>artifacts/run/endpoints.json</c>, written by the AppHost.</summary>
/// <param name="Gateway">The public address.</param>
/// <param name="Dashboard">The address of the dashboard; null if there is none.</param>
/// <param name="Admin">The administrator, whose account this tool uses.</param>
/// <param name="Stores">The connection strings of the servers.</param>
/// <param name="Services">The services by name.</param>
public sealed record RunningShop(
    string Gateway, string? Dashboard, ShopLogin Admin, RunningStores Stores, IReadOnlyDictionary<string, RunningService> Services)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Gets the folder of the file with the addresses.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";

    /// <summary>Reads the file in <c>FORGESHOP_ENDPOINTS</c>, or that of the clone that contains this program.</summary>
    /// <exception cref="OperatorException">No shop is running, or the file was not written by an AppHost.</exception>
    public static RunningShop Find()
    {
        var path = Environment.GetEnvironmentVariable("FORGESHOP_ENDPOINTS");
        var file = string.IsNullOrEmpty(path) ? FileOfClone() : Path.GetFullPath(path);
        if (!File.Exists(file))
            throw new OperatorException("no shop is running here; start one with ./forge up and try again when it has printed its URLs");
        try
        {
            var shop = JsonSerializer.Deserialize<RunningShop>(File.ReadAllText(file), Json)
                ?? throw new OperatorException($"{file} is empty; restart the shop");
            return shop with { Folder = Path.GetDirectoryName(file)! };
        }
        catch (JsonException)
        {
            throw new OperatorException($"{file} is not readable; restart the shop");
        }
    }

    private static string FileOfClone()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ForgeShop.sln")))
                return Path.Combine(folder.FullName, "artifacts", "run", "endpoints.json");
        }

        throw new OperatorException(
            "this program is not inside a ForgeShop clone; set FORGESHOP_ENDPOINTS to the endpoints.json of a running shop");
    }
}

/// <param name="Url">The service's own address, not the gateway's.</param>
public sealed record RunningService(string Url);

/// <summary>Connection strings of the servers, without a database.</summary>
public sealed record RunningStores(string Postgres, string Redis, string Kafka, string Documents);
