using ForgeShop.ServiceDefaults;

namespace ForgeShop.Orders.Checkout;

internal static class CheckoutExtensions
{
    public static void AddCheckout(this IServiceCollection services)
    {
        services.AddOptions<CheckoutOptions>().BindConfiguration("Checkout").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<FollowOptions>().BindConfiguration("FollowOrder").ValidateDataAnnotations().ValidateOnStart();
        services.AddScoped<CheckoutProcess>();
        services.AddSingleton<OrderSignals>();
        services.AddSingleton<FollowOrder>();
        services.AddPollingWorker<CheckoutTimer>();
    }
}
