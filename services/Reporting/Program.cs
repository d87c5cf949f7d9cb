using ForgeShop.Messaging;
using ForgeShop.Reporting;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDocuments("reporting");
builder.AddMessaging("reporting", messaging => messaging
    // No other service waits for the read models, and fewer batches write each document less often.
    .Gather(TimeSpan.FromMilliseconds(100))
    .HandleAll<RecordEvents>(
        DocumentStoreErrors.IsTransient, Topics.UserEvents, Topics.OrderEvents, Topics.InventoryEvents, Topics.PaymentEvents,
        Topics.NotificationEvents, Topics.InventoryCommands, Topics.PaymentCommands));
builder.Services.AddSingleton<ReportingMetrics>();
builder.Services.AddSingleton<EventLog>();
builder.Services.AddSingleton<CommandLog>();
builder.Services.AddSingleton<ReadModels>();
builder.Services.AddPollingWorker<RebuildWorker>();
builder.Services.AddAuditor();
builder.Services.DescribeAsMoney<Sum>();
builder.Services.AddApiVersions();
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ReportingJson.Default));

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapAudit("reporting");
var reports = app.MapGroup("/api/v1/reports").WithTags("Reports").AddEndpointFilter(Paging.RefuseWrongCursors);
GetCustomerReport.Map(reports);
GetTopCustomers.Map(reports, app.MapGroup("/api/v2/reports").WithTags("Reports"), ApiVersions.OfTopCustomers(app));
GetOrderTimeline.Map(reports);
GetSales.Map(reports);
ListProductSales.Map(reports);
RebuildEndpoints.Map(reports);
AuditReports.Map(app.MapGroup("/api/v1/audit").WithTags("Audit"));
GetCorrelation.Map(app.MapGroup("/api/v1/correlations").WithTags("Correlations"));

app.Run();
