using System.Net;
using System.Net.Sockets;
using ForgeShop.StandIns.NativeServers;

namespace ForgeShop.StandIns.Tests;

public sealed class FreePortTests
{
    [Fact]
    public void A_port_is_never_handed_out_twice() =>
        Enumerable.Range(0, 200).Select(_ => FreePort.Next()).Distinct().Count().ShouldBe(200);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public void A_port_that_somebody_listens_on_is_not_free(string address)
    {
        var port = FreePort.Next();
        FreePort.IsFree(port).ShouldBeTrue();

        using var listener = new TcpListener(IPAddress.Parse(address), port);
        listener.Start();

        FreePort.IsFree(port).ShouldBeFalse();
        FreePort.Prefer(port).ShouldNotBe(port);
    }
}
