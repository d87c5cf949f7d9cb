using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using ForgeShop.AppHost;
using ForgeShop.StandIns.NativeServers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace ForgeShop.StandIns.AppHost.Tests;

/// <summary>A port that somebody else listens on (another PostgreSQL on 5432, a web server on 8080) is left alone; a free one is what was asked for.</summary>
public sealed class PortTests
{
    [Fact]
    public void A_server_listens_on_its_usual_port_or_on_another_where_that_is_taken()
    {
        var wanted = FreePort.Next();
        Allocate(wanted).ShouldBe(wanted);

        using var other = Listen(wanted);
        Allocate(wanted).ShouldNotBe(wanted);
    }

    [Fact]
    public void No_two_resources_are_given_the_same_port_although_neither_listens_yet()
    {
        var ports = new PortAllocation(randomize: false, NullLogger.Instance);
        var wanted = FreePort.Next();

        ports.Choose("first", wanted).ShouldBe(wanted);
        ports.Choose("second", wanted).ShouldNotBe(wanted);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public void The_gateways_port_and_the_dashboards_are_wished_for_only_where_they_are_free(string address)
    {
        var port = FreePort.Next();
        var configuration = new ConfigurationManager { ["taken"] = $"http://localhost:{port}", ["free"] = $"http://localhost:{FreePort.Next()}" };
        Ports.IsFree(port).ShouldBeTrue();
        configuration.DropTakenUrls("taken", "free");
        configuration["taken"].ShouldNotBeNull();

        using var other = Listen(port, address);
        Ports.IsFree(port).ShouldBeFalse();
        configuration.DropTakenUrls("taken", "free", "missing");
        configuration["taken"].ShouldBeNull();
        configuration["free"].ShouldNotBeNull();
    }

    private static int Allocate(int usual)
    {
        var server = new ContainerResource("server");
        var endpoint = new EndpointAnnotation(ProtocolType.Tcp, name: "tcp", targetPort: usual);
        server.Annotations.Add(endpoint);
        new PortAllocation(randomize: false, NullLogger.Instance).Allocate([server]);
        return endpoint.AllocatedEndpoint!.Port;
    }

    private static TcpListener Listen(int port, string address = "127.0.0.1")
    {
        var listener = new TcpListener(IPAddress.Parse(address), port);
        listener.Start();
        return listener;
    }
}
