using System.Runtime.InteropServices;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>Something that must be installed, and the Debian package that has it.</summary>
public sealed record MissingPrerequisite(string Program, string AptPackage)
{
    /// <summary>One clear line for the reader.</summary>
    public override string ToString() => $"{Program} is missing: install it with 'apt-get install {AptPackage}'";
}

/// <summary>What the native servers need of this machine.</summary>
public static class Prerequisites
{
    /// <summary>Everything that is missing for all three servers; empty when all is well.</summary>
    public static IReadOnlyList<MissingPrerequisite> Check() => [.. ForProcesses(), .. ForPostgres(), .. ForRedis(), .. ForKafka()];

    public static IEnumerable<MissingPrerequisite> ForPostgres()
    {
        if (PostgresInstallation.Newest() is null)
            yield return new("PostgreSQL", "postgresql");
        else if (UnixUser.IsRoot && UnixUser.Find(PostgresInstallation.SystemUser) is null)
            yield return new("the user postgres (PostgreSQL refuses to run as root)", "postgresql");
    }

    public static IEnumerable<MissingPrerequisite> ForRedis()
    {
        if (Tool.Find("redis-server") is null)
            yield return new("redis-server", "redis-server");
    }

    public static IEnumerable<MissingPrerequisite> ForKafka()
    {
        if (!NativeLibrary.TryLoad("librdkafka.so.1", out var library))
            yield return new("librdkafka.so.1", "librdkafka1");
        else
            NativeLibrary.Free(library);
    }

    internal static void Require(IEnumerable<MissingPrerequisite> check)
    {
        if (!OperatingSystem.IsLinux())
            throw new NativeServerException("the stand-ins run native servers on Linux only: elsewhere, build with the public package feed and a container engine");
        if (ForProcesses().Concat(check).FirstOrDefault() is { } missing)
            throw new NativeServerException(missing.ToString());
    }

    private static IEnumerable<MissingPrerequisite> ForProcesses()
    {
        foreach (var program in (string[])["setsid", "setpriv"])
        {
            if (Tool.Find(program) is null)
                yield return new(program, "util-linux");
        }
    }
}
