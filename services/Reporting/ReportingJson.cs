using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Reporting;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RecordedEvent))]
[JsonSerializable(typeof(RecordedCommand))]
[JsonSerializable(typeof(Checkpoint))]
[JsonSerializable(typeof(ReadModelState))]
[JsonSerializable(typeof(OrderReport))]
[JsonSerializable(typeof(CustomerReport))]
[JsonSerializable(typeof(CustomerSpending))]
[JsonSerializable(typeof(SalesDay))]
[JsonSerializable(typeof(ProductSales))]
[JsonSerializable(typeof(GetOrderTimeline.Timeline))]
[JsonSerializable(typeof(GetCustomerReport.Summary))]
[JsonSerializable(typeof(GetTopCustomers.TopCustomers))]
[JsonSerializable(typeof(GetTopCustomers.TopCustomerList))]
[JsonSerializable(typeof(GetSales.SalesByDay))]
[JsonSerializable(typeof(ListProductSales.SalesByProduct))]
[JsonSerializable(typeof(RebuildEndpoints.Progress))]
[JsonSerializable(typeof(AuditRun))]
[JsonSerializable(typeof(RepairRecord))]
[JsonSerializable(typeof(AuditReports.AuditRequest))]
[JsonSerializable(typeof(AuditReports.AuditReport))]
[JsonSerializable(typeof(AuditReports.EntityReport))]
[JsonSerializable(typeof(GetCorrelation.Correlation))]
[JsonSerializable(typeof(NoMembers))]
internal sealed partial class ReportingJson : JsonSerializerContext;
