using ForgeShop.ServiceDefaults.Health;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults.Databases;

/// <summary>A request that is too early is told so, instead of failing on a table that is not there yet.</summary>
internal sealed class MigrationGate(RequestDelegate next, DatabaseMigrations migrations)
{
    public Task InvokeAsync(HttpContext context) =>
        migrations.AllFinished || context.GetEndpoint()?.Metadata.GetMetadata<HealthProbe>() is not null
            ? next(context)
            : Problems.Unavailable("not-ready", "This service is still starting.", TimeSpan.FromSeconds(1)).ExecuteAsync(context);
}
