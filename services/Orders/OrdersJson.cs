namespace ForgeShop.Orders;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PlaceOrderRequest.Body))]
[JsonSerializable(typeof(OrderView))]
[JsonSerializable(typeof(ListOrders.Page))]
[JsonSerializable(typeof(UnderstoodOrder))]
[JsonSerializable(typeof(KnownProducts))]
[JsonSerializable(typeof(FollowOrder.Change))]
[JsonSerializable(typeof(NoMembers))]
internal sealed partial class OrdersJson : JsonSerializerContext;
