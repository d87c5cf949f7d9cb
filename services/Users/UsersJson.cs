using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Users;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RegisterUserRequest))]
[JsonSerializable(typeof(ProfileDetails))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(UserView))]
[JsonSerializable(typeof(LogInRequest))]
[JsonSerializable(typeof(RefreshRequest))]
[JsonSerializable(typeof(ChangePasswordRequest))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(KeySet))]
[JsonSerializable(typeof(WellKnown.Configuration))]
[JsonSerializable(typeof(GrantServiceToken.Granted))]
internal sealed partial class UsersJson : JsonSerializerContext;
