using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Tests;

/// <summary>The contract over tables of a relational database.</summary>
public sealed class EntityFrameworkMessagingTests(Servers servers) : MessagingContract(servers)
{
    protected override CounterService Service(
        string name, string database, string kafka, bool consumes, Action<IServiceCollection> replace, IReadOnlyDictionary<string, string> settings) =>
        new EntityFrameworkCounters { Name = name, Database = database, Kafka = kafka, Consumes = consumes, Replace = replace, Settings = settings };
}

/// <summary>The contract over documents.</summary>
public sealed class DocumentMessagingTests(Servers servers) : MessagingContract(servers)
{
    protected override CounterService Service(
        string name, string database, string kafka, bool consumes, Action<IServiceCollection> replace, IReadOnlyDictionary<string, string> settings) =>
        new DocumentCounters { Name = name, Database = database, Kafka = kafka, Consumes = consumes, Replace = replace, Settings = settings };
}
