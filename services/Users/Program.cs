using ForgeShop.Caching;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using ForgeShop.Users;
using Microsoft.AspNetCore.Identity;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddNpgsqlDbContext<UsersDb>("users", database => database.ConnectionString = ConnectionPool.Bounded(database.ConnectionString));
builder.AddDatabaseMigration<UsersDb>();
builder.AddMessaging("users", messaging => messaging.UseEntityFramework<UsersDb>());
builder.AddEntityCache("redis", "user", UsersJson.Default.CachedUser);
builder.Services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, UsersJson.Default));

var app = builder.Build();

app.MapDefaultEndpoints();
var users = app.MapGroup("/api/v1/users").WithTags("Users");
RegisterUser.Map(users);
GetUser.Map(users);
ChangeProfile.Map(users);

app.Run();
