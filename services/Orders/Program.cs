using ForgeShop.Caching;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.Orders;
using ForgeShop.Orders.Checkout;
using ForgeShop.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddNpgsqlDbContext<OrdersDb>("orders", database => database.ConnectionString = ConnectionPool.Bounded(database.ConnectionString));
builder.AddDatabaseMigration<OrdersDb>();
builder.Services.AddAfterCommit<OrdersDb>();
builder.AddMessaging("orders", messaging => messaging
    .UseEntityFramework<OrdersDb>()
    .Handle<ProductChanged, ProductChangedHandler>()
    .Handle<StockReserved, CheckoutHandlers>()
    .Handle<ReservationFailed, CheckoutHandlers>()
    .Handle<StockReleased, CheckoutHandlers>()
    .Handle<PaymentCharged, CheckoutHandlers>()
    .Handle<PaymentDeclined, CheckoutHandlers>()
    .Handle<PaymentRefunded, CheckoutHandlers>());
builder.AddEntityCache("redis", "order", OrdersJson.Default.CachedOrder);
builder.Services.AddCheckout();
builder.Services.AddScoped<ProductPrices>();
builder.Services.AddSingleton<ProductLookup>();
builder.Services.AddOptions<InventoryOptions>().BindConfiguration("Inventory");
builder.Services.AddHttpClient<InventoryClient>(http => http.BaseAddress = new("https+http://inventory")).AddServiceToken();
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, OrdersJson.Default));

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOutboxReplay().RequirePermission(Permissions.MessagingWrite);
var orders = app.MapGroup("/api/v1/orders").WithTags("Orders");
PlaceOrder.Map(orders);
GetOrder.Map(orders);
CancelOrder.Map(orders);
FollowOrder.Map(orders);
ListOrders.Map(orders);

app.Run();
