using System.Text.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Forge.Tests;

public sealed class InstantTests
{
    // The accepted and refused texts are in vectors/values.json.
    [Theory]
    [InlineData("1795248000")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"2026-11-21\"")]
    public void Json_value_other_than_an_instant_throws_JsonException(string json) =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize<DateTimeOffset>(json, ContractsJson.Options));

    [Fact]
    public void Instant_is_rounded_down_to_ticks_in_utc()
    {
        Instant.TryParse("2026-11-21T10:00:00.99999999+02:00", out var instant).ShouldBeTrue();

        instant.ShouldBe(new DateTimeOffset(2026, 11, 21, 8, 0, 0, TimeSpan.Zero).AddTicks(9_999_999));
        instant.Offset.ShouldBe(TimeSpan.Zero);
    }
}
