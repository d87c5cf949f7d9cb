using ForgeShop.AppHost.Hosting;

// The topology: servers, services, references and waits.
var builder = DistributedApplication.CreateBuilder(Shop.Options(args));

// Servers run in containers, or natively without a container engine. Their data survives a restart (--fresh empties it).
var servers = builder.ChooseServers();
var postgres = builder.AddPostgres("postgres").WithDataVolume(builder.DataVolume("postgres"));
var redis = builder.AddRedis("redis").WithDataVolume(builder.DataVolume("redis")).WithoutHttpsCertificate();
var kafka = builder.AddKafka("kafka").WithDataVolume(builder.DataVolume("kafka"));
var documents = builder.AddDocuments("mongodb", servers, postgres);

// One database for each service; no other service connects to it.
var usersData = postgres.AddDatabase("users-db", "users");
var ordersData = postgres.AddDatabase("orders-db", "orders");
var inventoryData = postgres.AddDatabase("inventory-db", "inventory");
var paymentsData = postgres.AddDatabase("payments-db", "payments");
var notificationsData = postgres.AddDatabase("notifications-db", "notifications");
var recommendationsData = postgres.AddDatabase("recommendations-db", "recommendations");
var reportingData = documents.AddDatabase("reporting-db", "reporting");

// Migrates all databases and exits; a service with a database starts afterwards.
var migrator = builder.AddMigrator("migrator")
    .WithReference(usersData, "users").WithReference(ordersData, "orders").WithReference(inventoryData, "inventory")
    .WithReference(paymentsData, "payments").WithReference(notificationsData, "notifications")
    .WaitFor(usersData).WaitFor(ordersData).WaitFor(inventoryData).WaitFor(paymentsData).WaitFor(notificationsData);

// The first administrator; the password is generated once for each machine.
var adminEmail = builder.AddParameter("admin-email", () => builder.Configuration["Admin:Email"] ?? "admin@forgeshop.example");
var adminPassword = builder.AddParameter("admin-password", new GenerateParameterDefault { MinLength = 24 }, secret: true, persist: true);

// Services communicate by events through Kafka, and start without it: their messages wait in the outbox. There are three synchronous
// calls: each service reads the keys of Users to verify access tokens, Orders reads products without a copy from Inventory, and the audit
// in Reporting asks each service about its stores.
var users = builder.AddService<Projects.Users>("users")
    .WithReference(usersData, "users").WithReference(redis).WithReference(kafka)
    .WithEnvironment("Admin__Email", adminEmail).WithEnvironment("Admin__Password", adminPassword)
    .WaitFor(usersData).WaitForCompletion(migrator).WaitFor(redis).WaitForStart(kafka);

var inventory = builder.AddService<Projects.Inventory>("inventory")
    .WithReference(inventoryData, "inventory").WithReference(kafka).WithReference(users)
    .WaitFor(inventoryData).WaitForCompletion(migrator).WaitForStart(kafka);

var orders = builder.AddService<Projects.Orders>("orders")
    .WithReference(ordersData, "orders").WithReference(redis).WithReference(kafka).WithReference(users).WithReference(inventory)
    .WithTokensFrom(users)
    .WaitFor(ordersData).WaitForCompletion(migrator).WaitFor(redis).WaitForStart(kafka);

var payments = builder.AddService<Projects.Payments>("payments")
    .WithReference(paymentsData, "payments").WithReference(kafka).WithReference(users)
    .WaitFor(paymentsData).WaitForCompletion(migrator).WaitForStart(kafka);

var notifications = builder.AddService<Projects.Notifications>("notifications")
    .WithReference(notificationsData, "notifications").WithReference(kafka).WithReference(users)
    .WaitFor(notificationsData).WaitForCompletion(migrator).WaitForStart(kafka);

var reporting = builder.AddService<Projects.Reporting>("reporting")
    .WithReference(reportingData, "reporting").WithReference(kafka).WithReference(users)
    // The audit asks each service about its own stores.
    .WithReference(orders).WithReference(inventory).WithReference(payments).WithReference(notifications).WithTokensFrom(users)
    .WaitFor(reportingData).WaitForStart(kafka);

// In TypeScript, on Node.js; the shop runs without it where Node.js is missing. It migrates its database itself.
var recommendations = builder.AddNodeService("recommendations")
    .WithReference(recommendationsData, "recommendations").WithReference(kafka).WithReference(users)
    .WaitFor(recommendationsData).WaitForStart(kafka);

// The audit includes it where it runs.
if (recommendations.Resource.IsService())
    reporting.WithAuditOf(recommendations);

// The only public entry point.
var gateway = builder.AddService<Projects.Gateway>("gateway", preferredPort: 8080)
    .WithReference(users).WithReference(inventory).WithReference(orders).WithReference(notifications).WithReference(reporting)
    .WithReference(recommendations)
    .WaitFor(users).WaitFor(inventory).WaitFor(orders).WaitFor(payments).WaitFor(notifications).WaitFor(reporting)
    .WithExternalHttpEndpoints()
    .WithUrlForEndpoint("http", url => (url.DisplayText, url.Url) = ("Shop API", "/api/v1/products"));

// The issuer is the shop's public address, where clients find the discovery document.
IResourceBuilder<IResourceWithEnvironment>[] services =
    [users, inventory, orders, payments, notifications, reporting, recommendations, gateway];
foreach (var service in services)
    service.WithEnvironment("Authentication__Issuer", gateway.GetEndpoint("http"));

// Dashboard commands besides start, stop and restart.
foreach (var service in (IResourceBuilder<IResourceWithEnvironment>[])[users, inventory, orders, payments, notifications, recommendations])
    service.WithOutboxReplay();
kafka.WithDeadLetterRetry();
reporting.WithAudit();
builder.AddCustomers("customers", gateway);

return await builder.RunShopAsync(servers, new(gateway, migrator.Resource, adminEmail.Resource, adminPassword.Resource, new()
{
    ["postgres"] = postgres, ["redis"] = redis, ["kafka"] = kafka, ["documents"] = documents.Server,
}));
