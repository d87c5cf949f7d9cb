using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.ServiceDefaults.Requests;

internal static class RequestExtensions
{
    public static void AddStrictRequests(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            // An unknown member is refused: the caller meant something by it. One that is given twice has no meaning that two readers agree
            // on, and "2" is not 2.
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        // In every environment: the exception is what tells the problem details which field was wrong.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }
}
