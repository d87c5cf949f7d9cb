using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;

namespace DotNet.Testcontainers.Builders;

/// <summary>Collects what a container shall be like; every call gives a new builder, as in the original.</summary>
public abstract class ContainerBuilder<TBuilderEntity, TContainerEntity, TConfigurationEntity>
    where TBuilderEntity : ContainerBuilder<TBuilderEntity, TContainerEntity, TConfigurationEntity>
    where TContainerEntity : IContainer
    where TConfigurationEntity : ContainerConfiguration
{
    private protected ContainerBuilder(TConfigurationEntity configuration) => DockerResourceConfiguration = configuration;

    private protected TConfigurationEntity DockerResourceConfiguration { get; }

    public abstract TContainerEntity Build();

    public TBuilderEntity WithImage(string image) => With(configuration => configuration.Image = image);

    public TBuilderEntity WithCommand(params string[] command) =>
        With(configuration => configuration.Command = [.. configuration.Command, .. command]);

    public TBuilderEntity WithEnvironment(string name, string value) => With(configuration => configuration.Environment[name] = value);

    /// <summary>The same port on the host, or a random one.</summary>
    public TBuilderEntity WithPortBinding(int port, bool assignRandomHostPort = false) =>
        With(configuration => configuration.HostPort = assignRandomHostPort ? null : port);

    public TBuilderEntity WithPortBinding(int hostPort, int containerPort) =>
        With(configuration => configuration.HostPort = hostPort == 0 ? null : hostPort);

    /// <summary>Nothing is ever left behind here, with or without being asked.</summary>
    public TBuilderEntity WithCleanUp(bool cleanUp) => With(_ => { });

    private protected TBuilderEntity With(Action<TConfigurationEntity> change)
    {
        var configuration = (TConfigurationEntity)DockerResourceConfiguration.Clone();
        change(configuration);
        return Create(configuration);
    }

    private protected abstract TBuilderEntity Create(TConfigurationEntity configuration);
}
