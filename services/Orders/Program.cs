using ForgeShop.Orders;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase<OrdersDb>("orders");
builder.AddMessaging("orders", messaging => messaging
    .UseEntityFramework<OrdersDb>()
    .Publish(Topics.OrderEvents, Topics.InventoryCommands, Topics.PaymentCommands)
    .Handle<ProductChanged, ProductChangedHandler>()
    .Handle<StockReserved, CheckoutProcess>()
    .Handle<ReservationFailed, CheckoutProcess>()
    .Handle<StockReleased, CheckoutProcess>()
    .Handle<PaymentCharged, CheckoutProcess>()
    .Handle<PaymentDeclined, CheckoutProcess>()
    .Handle<PaymentRefunded, CheckoutProcess>());
builder.AddEntityCache<OrdersDb, Order, CachedOrder>("redis", "order", CachedOrder.Of);
builder.Services.AddOptions<CheckoutOptions>().BindConfiguration("Checkout").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddPollingWorker<CheckoutTimer>();
builder.Services.AddOptions<FollowOptions>().BindConfiguration("FollowOrder").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton<OrderSignals>();
builder.Services.AddSingleton<FollowOrder>();
builder.Services.AddScoped<ProductPrices>();
builder.Services.AddSingleton<ProductLookup>();
builder.Services.AddOptions<InventoryOptions>().BindConfiguration("Inventory");
builder.Services.AddHttpClient<InventoryClient>(http => http.BaseAddress = new("https+http://inventory")).AddServiceToken();
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, OrdersJson.Default));
builder.Services.AddOrdersAudit();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOutboxReplay<OrdersDb>();
app.MapAudit("orders");
var orders = app.MapGroup("/api/v1/orders").WithTags("Orders");
PlaceOrder.Map(orders);
GetOrder.Map(orders);
CancelOrder.Map(orders);
FollowOrder.Map(orders);
ListOrders.Map(orders);

app.Run();
