using ForgeShop.Inventory;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase<InventoryDb>("inventory", SeedCatalogue.AddAsync);
builder.AddMessaging("inventory", messaging => messaging
    .UseEntityFramework<InventoryDb>()
    .Publish(Topics.InventoryEvents)
    .Handle<ReserveStock, ReserveStockHandler>()
    .Handle<ReleaseStock, ReleaseStockHandler>()
    .Handle<OrderConfirmed, OrderConfirmedHandler>());
builder.Services.AddPollingWorker<AvailabilityAnnouncer>();
builder.Services.AddOptions<CatalogueOptions>()
    .Configure(options => options.Seed = builder.Environment.IsDevelopment())
    .BindConfiguration("Catalogue");
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, InventoryJson.Default));
builder.Services.AddInventoryAudit();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOutboxReplay<InventoryDb>();
app.MapAudit("inventory");
var products = app.MapGroup("/api/v1/products").WithTags("Products");
ListProducts.Map(products);
GetProduct.Map(products);
PutProduct.Map(products);
PatchProduct.Map(products);
MoveStock.Map(products);
FindProducts.Map(app);

app.Run();
