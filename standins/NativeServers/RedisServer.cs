using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>A real Redis server on 127.0.0.1, on data of its own.</summary>
public sealed class RedisServer : INativeServer
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    private readonly DataFolder folder;

    private RedisServer(DataFolder folder, NativeProcess process, int port, string? password)
    {
        this.folder = folder;
        Process = process;
        Port = port;
        Password = password;
    }

    public NativeProcess Process { get; }

    public int Port { get; }

    public string? Password { get; }

    /// <summary>Where the data really is.</summary>
    public string DataFolder => folder.Path;

    /// <summary>As StackExchange.Redis takes it.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}") + (Password is null ? null : ",password=" + Password);

    /// <summary>Starts the server and returns when it answers PING.</summary>
    public static async Task<RedisServer> StartAsync(RedisServerOptions options, CancellationToken cancellationToken = default)
    {
        Prerequisites.Require(Prerequisites.ForRedis());
        var folder = await NativeServers.DataFolder.OpenAsync(options.DataFolder, null, options.Log, cancellationToken);
        try
        {
            var data = folder.CreateFolder("data");
            var (process, port) = await ServerStart.RunAsync(
                options.Port,
                async port =>
                {
                    var process = await NativeProcess.StartAsync(new NativeProcessOptions
                    {
                        FileName = "redis-server",
                        // Settings in a file of the owner's: a password among the arguments could be read by everybody.
                        Arguments = [folder.WriteSecret("redis.conf", Settings(port, data, options))],
                        WorkingDirectory = data,
                        OnLine = options.OnLine,
                    });
                    folder.Record(process);
                    return process;
                },
                (port, token) => PingAsync(port, options.Password, token),
                cancellationToken);
            return new RedisServer(folder, process, port, options.Password);
        }
        catch
        {
            await folder.DisposeAsync();
            throw;
        }
    }

    /// <summary>A clean stop: what is due is written to disk first.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await Process.StopAsync(StopGrace, cancellationToken);
        folder.Forget();
        await folder.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Process.DisposeAsync();
    }

    private static string Settings(int port, string data, RedisServerOptions options)
    {
        var settings = new StringBuilder()
            .AppendLine(CultureInfo.InvariantCulture, $"port {port}")
            .AppendLine("bind 127.0.0.1")
            .AppendLine(CultureInfo.InvariantCulture, $"dir {Quote(data)}")
            .AppendLine("daemonize no")
            .AppendLine(options.Fast ? "appendonly no" : "appendonly yes")
            .AppendLine(options.Fast ? "save 3600 1" : "save \"\"");
        if (options.Password is { } password)
            settings.AppendLine(CultureInfo.InvariantCulture, $"requirepass {Quote(password)}");
        return settings.ToString();
    }

    private static string Quote(string value) =>
        "\"" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    /// <summary>Throws unless the server answers +PONG; while it loads its data it answers otherwise.</summary>
    private static async Task PingAsync(int port, string? password, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken).AsTask().WaitAsync(PingTimeout, cancellationToken);
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        if (password is not null)
            await AskAsync("+OK", "AUTH", password);
        await AskAsync("+PONG", "PING");

        async Task AskAsync(string expected, params string[] command)
        {
            var request = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
            foreach (var part in command)
                request.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToString()), cancellationToken);
            var answer = await reader.ReadLineAsync(cancellationToken).AsTask().WaitAsync(PingTimeout, cancellationToken);
            if (answer != expected)
                throw new IOException($"redis-server answers {command[0]} with {answer ?? "nothing"}");
        }
    }
}
