using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using ForgeShop.Users;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase<UsersDb>("users", FirstAdministrator.AddAsync);
builder.AddMessaging("users", messaging => messaging.UseEntityFramework<UsersDb>().Publish(Topics.UserEvents));
builder.AddEntityCache<UsersDb, User, CachedUser>("redis", "user", CachedUser.Of);
builder.AddIdentity();
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, UsersJson.Default));

var app = builder.Build();

app.UseForwardedHeaders();
app.MapDefaultEndpoints();
app.MapOutboxReplay().RequirePermission(Permissions.MessagingWrite);
var users = app.MapGroup("/api/v1/users").WithTags("Users");
RegisterUser.Map(users);
GetMe.Map(users);
GetUser.Map(users);
ChangeProfile.Map(users);
ChangePassword.Map(users);
DeactivateUser.Map(users);
var auth = app.MapGroup("/api/v1/auth").WithTags("Identity");
LogIn.Map(auth);
RefreshSession.Map(auth);
LogOut.Map(auth);
WellKnown.Map(app);
GrantServiceToken.Map(app);

app.Run();
