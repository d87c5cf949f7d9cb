using ForgeShop.ServiceDefaults.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.ServiceDefaults;

public static class DatabaseMigrationExtensions
{
    /// <summary>
    /// Brings the database of <typeparamref name="TContext"/> up to date when the service starts, then runs
    /// <paramref name="seed"/> in a scope of its own. <c>/health</c> is green, and requests are served, only afterwards.
    /// </summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="seed">Runs on every start, and again where an attempt failed half-way: it adds what is absent.</param>
    public static IHostApplicationBuilder AddDatabaseMigration<TContext>(
        this IHostApplicationBuilder builder, Func<IServiceProvider, CancellationToken, Task>? seed = null) where TContext : DbContext
    {
        builder.Services.AddHostedService(services => new DatabaseMigration<TContext>(
            seed,
            services.GetRequiredService<IServiceScopeFactory>(),
            services.GetRequiredService<DatabaseMigrations>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<DatabaseMigration<TContext>>>()));
        return builder;
    }
}
