using System.Text.Json;

namespace Aspire.Hosting.Orchestration;

/// <summary>Generated values, kept from run to run beside the data that they protect, readable by the owner only.</summary>
internal sealed class SecretStore
{
    private readonly Lock gate = new();
    private string? file;
    private Dictionary<string, string> values = [];

    public static SecretStore Of(IDistributedApplicationBuilder builder) =>
        (SecretStore)builder.Services.Single(service => service.ServiceType == typeof(SecretStore)).ImplementationInstance!;

    public void Open(string path)
    {
        lock (gate)
        {
            file = path;
            values = File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(path)) ?? [] : [];
        }
    }

    public string GetOrAdd(string name, Func<string> generate)
    {
        lock (gate)
        {
            if (file is null)
                throw new InvalidOperationException($"The value of parameter '{name}' is generated when the application starts.");
            if (!values.TryGetValue(name, out var value))
            {
                values[name] = value = generate();
                OwnerOnlyFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(values));
            }

            return value;
        }
    }
}
