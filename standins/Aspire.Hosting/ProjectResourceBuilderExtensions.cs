using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class ProjectResourceBuilderExtensions
{
    /// <summary>Adds a project without a launch profile: its endpoints are those that the AppHost gives it.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name, string? launchProfileName)
        where TProject : IProjectMetadata, new()
    {
        if (launchProfileName is not null)
            throw new DistributedApplicationException($"'{name}': the stand-in for Aspire.Hosting reads no launch profiles; pass null and use WithHttpEndpoint");

        var project = new ProjectResource(name);
        project.Annotations.Add(new TProject());
        return builder.AddResource(project).WithEnvironment(environment =>
        {
            environment["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";
            environment["ASPNETCORE_URLS"] = string.Join(';', project.GetEndpoints().Select(endpoint => endpoint.Url));
        });
    }
}
