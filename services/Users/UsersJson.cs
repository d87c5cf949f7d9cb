using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Users;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RegisterUserRequest))]
[JsonSerializable(typeof(ProfileDetails))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(UserView))]
[JsonSerializable(typeof(ChangePasswordRequest))]
[JsonSerializable(typeof(NoMembers))]
internal sealed partial class UsersJson : JsonSerializerContext;
