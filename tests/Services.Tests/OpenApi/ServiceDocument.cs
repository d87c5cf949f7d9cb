using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.OpenApi;

namespace ForgeShop.Services.Tests;

/// <summary>A service without its stores and workers, for its endpoints and its OpenAPI document.</summary>
public sealed class ServiceDocument<T> : WebApplicationFactory<T> where T : class
{
    private ServiceDocument()
    {
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var name in (string[])["users", "inventory", "orders", "notifications", "reporting"])
            builder.UseSetting($"ConnectionStrings:{name}", "Host=127.0.0.1;Port=1");
        builder.UseSetting("ConnectionStrings:redis", "127.0.0.1:1,abortConnect=false");
        builder.UseSetting("ConnectionStrings:kafka", ServersFixture.NoKafka);
        builder.UseSetting("Authentication:Issuer", "http://localhost");
        builder.ConfigureTestServices(services =>
        {
            var workers = services.Where(service => service.ServiceType == typeof(IHostedService) && !IsWebServer(service)).ToList();
            foreach (var worker in workers)
                services.Remove(worker);
        });
    }

#pragma warning disable CA1000 // ServiceDocument<T>.GenerateAsync says which service; inference has nothing to go by.
    public static async Task<JsonObject> GenerateAsync(CancellationToken cancellationToken)
#pragma warning restore CA1000
    {
        await using var service = new ServiceDocument<T>();
        var provider = service.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1");
        var document = await provider.GetOpenApiDocumentAsync(cancellationToken);
        return JsonNode.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken))!.AsObject();
    }

    private static bool IsWebServer(ServiceDescriptor service) => service.ImplementationType?.Assembly == typeof(IWebHostBuilder).Assembly
        || service.ImplementationType?.Name == "GenericWebHostService";
}
