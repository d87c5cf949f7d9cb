using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Messaging;
using ForgeShop.Notifications;
using ForgeShop.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDocuments("notifications", documents => documents
    .Collection(Notification.Model)
    .Collection(KnownUser.Model));
builder.AddMessaging("notifications", messaging => messaging
    .UseDocuments<Notification>()
    .Handle<OrderPlaced, NotifyCustomer>()
    .Handle<OrderConfirmed, NotifyCustomer>()
    .Handle<OrderCancelled, NotifyCustomer>()
    .Handle<UserRegistered, RememberUser>()
    .Handle<UserProfileChanged, RememberUser>());
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, NotificationsJson.Default));

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOutboxReplay().RequirePermission(Permissions.MessagingWrite);
var notifications = app.MapGroup("/api/v1/notifications").WithTags("Notifications");
ListNotifications.Map(notifications);

app.Run();
