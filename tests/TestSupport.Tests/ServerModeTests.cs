using ForgeShop.TestSupport.Native;

namespace ForgeShop.TestSupport.Tests;

public sealed class ServerModeTests
{
    [Theory]
    [InlineData(null, true, true)]
    [InlineData(null, false, false)]
    [InlineData("", false, false)]
    [InlineData("native", true, false)]
    [InlineData("containers", true, true)]
    public void Mode_follows_the_setting_and_then_the_engine(string? setting, bool engineAnswers, bool containers) =>
        ServerMode.Decide(setting, () => engineAnswers).Containers.ShouldBe(containers);

    [Theory]
    [InlineData("containers", "no container engine answers. Start Docker, or set Servers=native.")]
    [InlineData("podman", "Servers=podman is not supported. Use containers or native.")]
    public void Impossible_setting_is_refused_with_what_to_do(string setting, string message) =>
        Should.Throw<InvalidOperationException>(() => ServerMode.Decide(setting, () => false)).Message.ShouldEndWith(message);

    [Fact]
    public void Missing_program_names_its_Debian_package() =>
        Should.Throw<FileNotFoundException>(() => Installation.OnPath("redis-server-of-another-name", "redis-server"))
            .Message.ShouldContain("Install the Debian package redis-server");
}
