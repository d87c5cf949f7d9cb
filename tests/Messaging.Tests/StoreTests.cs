namespace ForgeShop.Messaging.Tests;

// Every suite over every store; a class each, so that they run side by side.

public sealed class EntityFrameworkMessagingTests(Servers servers) : MessagingContract(servers, Stores.EntityFramework);

public sealed class EntityFrameworkOrderTests(Servers servers) : OrderContract(servers, Stores.EntityFramework);

public sealed class EntityFrameworkOutageTests(Servers servers) : OutageContract(servers, Stores.EntityFramework);

public sealed class DocumentMessagingTests(Servers servers) : MessagingContract(servers, Stores.Documents);

public sealed class DocumentOrderTests(Servers servers) : OrderContract(servers, Stores.Documents);

public sealed class DocumentOutageTests(Servers servers) : OutageContract(servers, Stores.Documents);

internal static class Stores
{
    public static NewService EntityFramework { get; } = (name, database, kafka, consumes, replace, settings) =>
        new EntityFrameworkCounters { Name = name, Database = database, Kafka = kafka, Consumes = consumes, Replace = replace, Settings = settings };

    public static NewService Documents { get; } = (name, database, kafka, consumes, replace, settings) =>
        new DocumentCounters { Name = name, Database = database, Kafka = kafka, Consumes = consumes, Replace = replace, Settings = settings };
}
