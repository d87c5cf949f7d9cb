using ForgeShop.Gateway;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.Services.AddTrustedProxies();
builder.Services.AddTraceRoot();
builder.Services.AddRateLimits();
builder.Services.AddSignedInPolicy();
builder.Services.AddReverseProxy()
    .LoadFromMemory(PublicRoutes.Routes, PublicRoutes.Clusters)
    .AddServiceDiscoveryDestinationResolver()
    .AddTransforms(transforms => transforms.AddHeadRequests())
    .ConfigureHttpClient((_, handler) => handler.ConnectTimeout = TimeSpan.FromSeconds(2));

var app = builder.Build();

app.UseClientHeaders();
app.UseForwardedHeaders();
app.UseCallerLink();
app.UseAuthentication();
app.UseRateLimiter();
app.MapDefaultEndpoints();
DeriveId.Map(app.MapGroup("/api/v1/ids").WithTags("IDs"));
OpenApiDocument.Map(app);
app.MapReverseProxy();

app.Run();
