using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, Func<string> valueGetter, bool publishValueAsDefault = false, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, _ => valueGetter(), secret));

    /// <summary>The value that the configuration gives (Parameters:name), else this one; a generated value is kept if it shall persist.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false, bool persist = false) =>
        builder.AddResource(CreateParameter(builder, name, value, secret, persist));

    /// <summary>Servers get a password of their own unless they are given one; it stays as long as the data does.</summary>
    internal static ParameterResource CreatePassword(this IDistributedApplicationBuilder builder, string name, bool special = true) =>
        CreateParameter(builder, name, new GenerateParameterDefault { Special = special }, secret: true, persist: true);

    private static ParameterResource CreateParameter(IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret, bool persist)
    {
        var secrets = SecretStore.Of(builder);
        return new ParameterResource(
            name,
            _ => builder.Configuration[$"Parameters:{name}"] ?? (persist ? secrets.GetOrAdd(name, value.GetDefaultValue) : value.GetDefaultValue()),
            secret)
        { Default = value };
    }
}
