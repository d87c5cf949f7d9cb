using ForgeShop.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

public static class ForgeIdsRegistration
{
    /// <summary>
    /// Adds <see cref="ForgeIds"/> with its metrics (<see cref="IdTracking"/>). <c>Forge:Algorithm</c> is v5 (the default), v8-sha256 or
    /// v8-hmac-sha256; a <c>Forge:Secret</c> alone selects v8-hmac-sha256. An inconsistent configuration stops the start. Otherwise a
    /// service could derive IDs that can be guessed, or that differ from those of other services.
    /// </summary>
    /// <exception cref="ForgeConfigurationException">The algorithm is unknown, or the secret is missing, too short, or unused by the
    /// algorithm.</exception>
    public static IServiceCollection AddForgeIds(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var (name, secret) = (configuration["Forge:Algorithm"], configuration["Forge:Secret"]);
        var algorithm = secret is null ? ForgeAlgorithm.V5 : ForgeAlgorithm.V8HmacSha256;
        if (name is not null && !ForgeAlgorithms.TryParse(name, out algorithm))
            throw new ForgeConfigurationException("Forge:Algorithm is none of v5, v8-sha256 and v8-hmac-sha256.");
        _ = new ForgeDomain(ShopCatalogue.Instance.Domain, algorithm, secret);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(configuration);
        return services.AddLogging().AddMetrics().AddSingleton<IdTracking>()
            .AddSingleton(provider => new ForgeIds(algorithm, secret, provider.GetRequiredService<IdTracking>()));
    }
}
