using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Orchestration;

/// <summary>Asks a running resource how it is: often until it is healthy, seldom afterwards.</summary>
internal static class HealthMonitor
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly HttpClient Http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(1) }) { Timeout = Patience };

    public static string KeyOf(IResource resource) => $"{resource.Name}_check";

    public static async Task WatchAsync(IResource resource, ResourceBoard board, TimeProvider time, Action healthy, CancellationToken cancellationToken)
    {
        var (last, isFirst) = (default(string), true);
        try
        {
            while (true)
            {
                var trouble = await ProbeAsync(resource, cancellationToken);
                if (trouble is null)
                    healthy();
                if (isFirst || trouble != last)
                    board.Health(resource, trouble is null ? HealthStatus.Healthy : HealthStatus.Unhealthy, trouble);
                (last, isFirst) = (trouble, false);
                await Task.Delay(trouble is null ? Seldom : Often, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It died or is being stopped.
        }
    }

    /// <summary>What is wrong with the resource, or null.</summary>
    private static async Task<string?> ProbeAsync(IResource resource, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var check in resource.Annotations.OfType<HttpHealthAnnotation>())
            {
                var url = new Uri(((IResourceWithEndpoints)resource).GetEndpoint(check.EndpointName).Url + check.Path);
                using var answer = await Http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if ((int)answer.StatusCode != check.StatusCode)
                    return $"{check.Path} answers {(int)answer.StatusCode}";
            }

            if (resource is ContainerResource server)
            {
                var endpoint = server.GetEndpoints().First();
                using var client = new TcpClient();
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                timeout.CancelAfter(Patience);
                await client.ConnectAsync(endpoint.Host, endpoint.Port, timeout.Token);
            }

            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            return exception.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds:0} s";
        }
    }
}
