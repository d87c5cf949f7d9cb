using System.Reflection;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ForgeShop.Api;
using ForgeShop.Auditing;
using ForgeShop.Contracts;
using ForgeShop.Databases;
using ForgeShop.Documents;
using ForgeShop.Forge;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Architecture = ArchUnitNET.Domain.Architecture;

namespace ForgeShop.Services.Tests;

/// <summary>
/// The allowed dependencies between projects. <see cref="AccessMatrixTests"/> checks that every endpoint declares its callers.
/// </summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly[] Services = [.. ServiceAssemblies.All.Values];

    private static readonly Assembly Contracts = typeof(ForgeIds).Assembly;
    private static readonly Assembly Messaging = typeof(MessagingModel).Assembly;
    private static readonly Assembly Documents = typeof(IDocumentStore).Assembly;
    private static readonly Assembly Api = typeof(Problems).Assembly;
    private static readonly Assembly Auditing = typeof(AuditedStore).Assembly;
    private static readonly Assembly Databases = typeof(PollingWorker).Assembly;
    private static readonly Assembly Defaults = typeof(Caller).Assembly;

    private static readonly Assembly[] Shared = [Contracts, Messaging, Documents, Api, Auditing, Databases];

    private static readonly Architecture Shop =
        new ArchLoader().LoadAssemblies([.. Services, .. Shared, Defaults]).Build();

    public static TheoryData<string> ServiceNames => [.. Services.Select(service => service.GetName().Name!)];

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void Service_depends_on_no_other_service(string name)
    {
        var service = Services.Single(service => service.GetName().Name == name);
        foreach (var other in Services.Except([service]))
            Check(Types().That().ResideInAssembly(service).Should().NotDependOnAny(Types().That().ResideInAssembly(other)));
    }

    [Fact]
    public void Shared_projects_depend_on_no_service()
    {
        foreach (var shared in Shared.Append(Defaults))
        foreach (var service in Services)
            Check(Types().That().ResideInAssembly(shared).Should().NotDependOnAny(Types().That().ResideInAssembly(service)));
    }

    [Fact]
    public void Messaging_and_Documents_do_not_depend_on_each_other()
    {
        Check(Types().That().ResideInAssembly(Messaging).Should().NotDependOnAny(Types().That().ResideInAssembly(Documents)));
        Check(Types().That().ResideInAssembly(Documents).Should().NotDependOnAny(Types().That().ResideInAssembly(Messaging)));
    }

    [Fact]
    public void Shared_projects_do_not_depend_on_the_service_defaults()
    {
        foreach (var shared in Shared)
            Check(Types().That().ResideInAssembly(shared).Should().NotDependOnAny(Types().That().ResideInAssembly(Defaults)));
    }

    [Fact]
    public void Api_and_Databases_do_not_depend_on_each_other()
    {
        Check(Types().That().ResideInAssembly(Api).Should().NotDependOnAny(Types().That().ResideInAssembly(Databases)));
        Check(Types().That().ResideInAssembly(Databases).Should().NotDependOnAny(Types().That().ResideInAssembly(Api)));
    }

    [Fact]
    public void Messaging_depends_on_neither_ASP_NET_Core_nor_the_audit()
    {
        Check(Types().That().ResideInAssembly(Messaging)
            .Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching(@"^Microsoft\.AspNetCore\..*")));
        foreach (var other in new[] { Api, Auditing })
            Check(Types().That().ResideInAssembly(Messaging).Should().NotDependOnAny(Types().That().ResideInAssembly(other)));
    }

    [Fact]
    public void Forge_references_nothing_but_the_base_library() =>
        typeof(Uuid).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!)
            .ShouldAllBe(name => name.StartsWith("System.", StringComparison.Ordinal));

    private static void Check(IArchRule rule) =>
        rule.Evaluate(Shop).Where(result => !result.Passed).Select(result => result.Description).ShouldBeEmpty();
}
