using System.Globalization;
using ForgeShop.Users;

// Unlike the other services, this one needs ICU; formatting stays invariant.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase<UsersDb>("users", Identity.PrepareAsync);
builder.AddMessaging("users", messaging => messaging.UseEntityFramework<UsersDb>().Publish(Topics.UserEvents));
builder.AddEntityCache<UsersDb, User, CachedUser>("redis", "user", CachedUser.Of);
builder.AddIdentity();
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, UsersJson.Default));
builder.Services.AddUsersAudit();

var app = builder.Build();

app.UseForwardedHeaders();
app.UseKeys();
app.UseIssuerAddress();
app.MapDefaultEndpoints();
app.MapOutboxReplay<UsersDb>();
app.MapAudit("users");
var users = app.MapGroup("/api/v1/users").WithTags("Users");
RegisterUser.Map(users);
GetUser.Map(users);
ChangeProfile.Map(users);
ChangePassword.Map(users);
DeactivateUser.Map(users);
TokenEndpoint.Map(app);
AuthorizeEndpoint.Map(app);

app.Run();
