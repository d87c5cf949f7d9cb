using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Users;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RegisterUserRequest))]
[JsonSerializable(typeof(ChangeProfileRequest))]
[JsonSerializable(typeof(UserView))]
[JsonSerializable(typeof(CachedUser))]
[JsonSerializable(typeof(ChangePasswordRequest))]
internal sealed partial class UsersJson : JsonSerializerContext;
