using ForgeShop.Contracts.Events;
using ForgeShop.Inventory;
using ForgeShop.Inventory.Reservations;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddNpgsqlDbContext<InventoryDb>("inventory", database => database.ConnectionString = ConnectionPool.Bounded(database.ConnectionString));
builder.AddDatabaseMigration<InventoryDb>(SeedCatalogue.AddAsync);
builder.AddMessaging("inventory", messaging => messaging
    .UseEntityFramework<InventoryDb>()
    .Handle<ReserveStock, ReserveStockHandler>()
    .Handle<ReleaseStock, ReleaseStockHandler>()
    .Handle<OrderConfirmed, SellReservedStock>());
builder.Services.AddScoped<Catalogue>();
builder.Services.AddScoped<Stock>();
builder.Services.AddPollingWorker<AvailabilityAnnouncer>();
builder.Services.AddOptions<CatalogueOptions>()
    .Configure(options => options.Seed = builder.Environment.IsDevelopment())
    .BindConfiguration("Catalogue");
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, InventoryJson.Default));

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOutboxReplay().RequirePermission(Permissions.MessagingWrite);
var products = app.MapGroup("/api/v1/products").WithTags("Products");
ListProducts.Map(products);
GetProduct.Map(products);
PutProduct.Map(products);
FindProducts.Map(app);

app.Run();
