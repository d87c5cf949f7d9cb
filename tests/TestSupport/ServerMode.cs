using DotNet.Testcontainers.Configurations;
using ForgeShop.TestSupport.Native;

namespace ForgeShop.TestSupport;

/// <summary>
/// Decides once a process how tests run their servers: in containers where a container engine answers, otherwise as native processes.
/// The environment variable <c>Servers=containers|native</c> overrides the choice.
/// </summary>
public static class ServerMode
{
    /// <summary>The name of the environment variable; the AppHost's configuration key has the same name.</summary>
    public const string Variable = "Servers";

    private static readonly Lazy<bool> Decision = new(() =>
    {
        var (containers, reason) = Decide(Environment.GetEnvironmentVariable(Variable), EngineAnswers);
        Console.WriteLine($"Servers: {(containers ? "containers" : "native")} ({reason})");
        return containers;
    });

    /// <summary>Gets whether the servers run in containers; if false, they run as native processes.</summary>
    /// <exception cref="InvalidOperationException">
    /// The environment variable has an unknown value, or asks for containers and no container engine answers.
    /// </exception>
    public static bool UsesContainers => Decision.Value;

    /// <summary>
    /// Gets the setting of a shop that prefers native servers, so that one run of all tests covers both kinds where both are possible.
    /// </summary>
    public static string PreferNative => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } setting ? setting
        : Installation.HasServers ? "native" : "containers";

    internal static (bool Containers, string Reason) Decide(string? setting, Func<bool> engineAnswers) => setting switch
    {
        null or "" => engineAnswers() ? (true, "a container engine answers") : (false, "no container engine answers"),
        "native" => (false, $"{Variable}=native"),
        "containers" => engineAnswers()
            ? (true, $"{Variable}=containers")
            : throw new InvalidOperationException(
                $"{Variable}=containers, but no container engine answers. Start Docker, or set {Variable}=native."),
        _ => throw new InvalidOperationException($"{Variable}={setting} is not supported. Use containers or native."),
    };

    private static bool EngineAnswers() => TestcontainersSettings.OS.DockerEndpointAuthConfig is not null;
}
