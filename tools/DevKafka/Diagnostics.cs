namespace ForgeShop.DevKafka;

/// <summary>Writes warnings and errors to stderr, one line each.</summary>
internal static class Diagnostics
{
    public static void Warn(string message) => Console.Error.WriteLine($"warning: {message}");

    public static void Error(string message) => Console.Error.WriteLine($"error: {message}");
}
