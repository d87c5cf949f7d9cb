using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Inventory;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PutProductRequest))]
[JsonSerializable(typeof(ProductDetails))]
[JsonSerializable(typeof(MoveStockRequest))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(ProductView))]
[JsonSerializable(typeof(ProductPage))]
[JsonSerializable(typeof(FindProducts.Found))]
internal sealed partial class InventoryJson : JsonSerializerContext;
