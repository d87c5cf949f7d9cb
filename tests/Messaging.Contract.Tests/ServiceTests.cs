namespace ForgeShop.Messaging.Contract.Tests;

public sealed class NotificationsContractTests(ContractFixture<NotificationsService> fixture)
    : MessagingContract<NotificationsService>(fixture), IClassFixture<ContractFixture<NotificationsService>>;

public sealed class RecommendationsContractTests(ContractFixture<RecommendationsService> fixture)
    : MessagingContract<RecommendationsService>(fixture), IClassFixture<ContractFixture<RecommendationsService>>;
