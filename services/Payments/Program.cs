using ForgeShop.Payments;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase<PaymentsDb>("payments");
builder.AddMessaging("payments", messaging => messaging
    .UseEntityFramework<PaymentsDb>()
    .Publish(Topics.PaymentEvents)
    .Handle<ChargePayment, ChargePaymentHandler>()
    .Handle<RefundPayment, RefundPaymentHandler>());
builder.Services.AddOptions<PaymentOptions>().BindConfiguration("Payments").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddOptions<SimulatedProviderOptions>().BindConfiguration("SimulatedProvider");
builder.Services.AddSingleton<IPaymentProvider, SimulatedProvider>();
builder.Services.AddPollingWorker<PaymentWorker>();
builder.Services.AddScoped<LedgerComparison>();
builder.Services.AddPaymentsAudit();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOutboxReplay<PaymentsDb>();
app.MapAudit("payments");
CheckLedger.Map(app);

app.Run();
