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
            // Unknown members are refused, because they are typing errors or belong to another version. Duplicate members are refused,
            // because parsers disagree on them. A string is not accepted as a number.
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        // In every environment: the exception contains the name of the invalid field.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }
}
