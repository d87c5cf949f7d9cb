using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Notifications;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ListNotifications.Page))]
internal sealed partial class NotificationsJson : JsonSerializerContext;
