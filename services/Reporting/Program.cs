using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Messaging;
using ForgeShop.Reporting;
using ForgeShop.Reporting.Customers;
using ForgeShop.Reporting.Log;
using ForgeShop.Reporting.Orders;
using ForgeShop.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDocuments("reporting", documents => documents
    .Collection(RecordedEvent.Model)
    .Collection(OrderReport.Model)
    .Collection(CustomerReport.Model));
builder.AddMessaging("reporting", messaging => messaging
    .UseDocuments()
    .HandleAll<RecordEvents>(Topics.UserEvents, Topics.OrderEvents, Topics.InventoryEvents, Topics.PaymentEvents, Topics.NotificationEvents));
builder.Services.AddSingleton<EventLog>();
builder.Services.AddSingleton<CustomerSums>();
builder.Services.AddSingleton<IProjection, CustomerProjection>();
builder.Services.AddSingleton<IProjection, OrderProjection>();
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ReportingJson.Default));

var app = builder.Build();

app.MapDefaultEndpoints();
var reports = app.MapGroup("/api/v1/reports").WithTags("Reports");
GetCustomerReport.Map(reports);
GetOrderTimeline.Map(reports);

app.Run();
