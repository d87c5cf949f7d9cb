using ForgeShop.StandIns.NativeServers;

namespace ForgeShop.StandIns.Tests;

public sealed class FreePorts
{
    [Fact]
    public void Are_never_handed_out_twice() =>
        Enumerable.Range(0, 200).Select(_ => FreePort.Next()).Distinct().Count().ShouldBe(200);
}
