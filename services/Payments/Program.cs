using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.Payments;
using ForgeShop.Payments.Provider;
using ForgeShop.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddNpgsqlDbContext<PaymentsDb>("payments", database => database.ConnectionString = ConnectionPool.Bounded(database.ConnectionString));
builder.AddDatabaseMigration<PaymentsDb>();
builder.Services.AddAfterCommit<PaymentsDb>();
builder.AddMessaging("payments", messaging => messaging
    .UseEntityFramework<PaymentsDb>()
    .Handle<ChargePayment, ChargePaymentHandler>()
    .Handle<RefundPayment, RefundPaymentHandler>());
builder.Services.AddOptions<PaymentOptions>().BindConfiguration("Payments").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddOptions<SimulatedProviderOptions>().BindConfiguration("SimulatedProvider");
builder.Services.AddSingleton<IPaymentProvider, SimulatedProvider>();
builder.Services.AddPollingWorker<PaymentWorker>();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOutboxReplay().RequirePermission(Permissions.MessagingWrite);

app.Run();
