using System.Text.Json;
using System.Text.Json.Serialization;
using ForgeShop.Reporting.Customers;
using ForgeShop.Reporting.Log;
using ForgeShop.Reporting.Orders;

namespace ForgeShop.Reporting;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RecordedEvent))]
[JsonSerializable(typeof(OrderReport))]
[JsonSerializable(typeof(CustomerReport))]
[JsonSerializable(typeof(GetOrderTimeline.Timeline))]
[JsonSerializable(typeof(GetCustomerReport.Summary))]
internal sealed partial class ReportingJson : JsonSerializerContext;
