using ForgeShop.Notifications;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase<NotificationsDb>("notifications");
builder.AddMessaging("notifications", messaging => messaging
    .UseEntityFramework<NotificationsDb>()
    .Gather(TimeSpan.FromMilliseconds(100)) // no other service waits for a notification
    .Publish(Topics.NotificationEvents)
    .Handle<OrderPlaced, OrderEventsHandler>()
    .Handle<OrderConfirmed, OrderEventsHandler>()
    .Handle<OrderCancelled, OrderEventsHandler>()
    .Handle<UserRegistered, UserEventsHandler>()
    .Handle<UserProfileChanged, UserEventsHandler>());
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, NotificationsJson.Default));
builder.Services.AddNotificationsAudit();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOutboxReplay<NotificationsDb>();
app.MapAudit("notifications");
var notifications = app.MapGroup("/api/v1/notifications").WithTags("Notifications");
ListNotifications.Map(notifications);

app.Run();
