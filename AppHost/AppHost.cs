using ForgeShop.AppHost;

// The whole system: what there is, who may talk to whom, who waits for whom.
var builder = DistributedApplication.CreateBuilder(Shop.Options(args));

// Servers. What they keep survives a restart (--fresh empties it).
var postgres = builder.AddPostgres("postgres").WithDataVolume(builder.DataVolume("postgres"));
var redis = builder.AddRedis("redis").WithDataVolume(builder.DataVolume("redis"));
var kafka = builder.AddKafka("kafka").WithDataVolume(builder.DataVolume("kafka"));
var documents = builder.AddDocuments("documents", postgres);

// One database a service, and nobody else connects to it.
var usersData = postgres.AddDatabase("postgres-users", "users");
var ordersData = postgres.AddDatabase("postgres-orders", "orders");
var inventoryData = postgres.AddDatabase("postgres-inventory", "inventory");
var paymentsData = postgres.AddDatabase("postgres-payments", "payments");
var notificationsData = documents.AddDatabase("documents-notifications", "notifications");
var reportingData = documents.AddDatabase("documents-reporting", "reporting");

// The first administrator; the password is generated once a machine.
var adminEmail = builder.AddParameter("admin-email", () => builder.Configuration["Admin:Email"] ?? "admin@forgeshop.example");
var adminPassword = builder.AddParameter("admin-password", new GenerateParameterDefault { MinLength = 24 }, secret: true, persist: true);

// Services. They tell each other what happened through Kafka, and ask each other for nothing but the keys of Users, to verify access
// tokens with, and a product not yet heard of.
var users = builder.AddService<Projects.Users>("users")
    .WithReference(usersData, "users").WithReference(redis).WithReference(kafka)
    .WithEnvironment("Admin__Email", adminEmail).WithEnvironment("Admin__Password", adminPassword)
    .WaitFor(usersData).WaitFor(redis).WaitFor(kafka);

var inventory = builder.AddService<Projects.Inventory>("inventory")
    .WithReference(inventoryData, "inventory").WithReference(kafka).WithReference(users)
    .WaitFor(inventoryData).WaitFor(kafka);

var orders = builder.AddService<Projects.Orders>("orders")
    .WithReference(ordersData, "orders").WithReference(redis).WithReference(kafka).WithReference(users).WithReference(inventory)
    .WithTokensFrom(users)
    .WaitFor(ordersData).WaitFor(redis).WaitFor(kafka);

var payments = builder.AddService<Projects.Payments>("payments")
    .WithReference(paymentsData, "payments").WithReference(kafka).WithReference(users)
    .WaitFor(paymentsData).WaitFor(kafka);

var notifications = builder.AddService<Projects.Notifications>("notifications")
    .WithReference(notificationsData, "notifications").WithReference(kafka).WithReference(users)
    .WaitFor(notificationsData).WaitFor(kafka);

var reporting = builder.AddService<Projects.Reporting>("reporting")
    .WithReference(reportingData, "reporting").WithReference(kafka).WithReference(users)
    .WaitFor(reportingData).WaitFor(kafka);

// The only door from outside.
var gateway = builder.AddService<Projects.Gateway>("gateway", preferredPort: 8080)
    .WithReference(users).WithReference(inventory).WithReference(orders).WithReference(notifications).WithReference(reporting)
    .WaitFor(users).WaitFor(inventory).WaitFor(orders).WaitFor(payments).WaitFor(notifications).WaitFor(reporting)
    .WithExternalHttpEndpoints();

return await builder.RunShopAsync(new ShopEndpoints
{
    Gateway = gateway,
    AdminEmail = adminEmail,
    AdminPassword = adminPassword,
    Stores = { ["postgres"] = postgres, ["redis"] = redis, ["kafka"] = kafka, ["documents"] = documents },
});
