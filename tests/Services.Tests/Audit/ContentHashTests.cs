using System.Security.Cryptography;
using System.Text;
using ForgeShop.Contracts.Audit;

namespace ForgeShop.Services.Tests;

/// <summary>The content hash, as docs/audit.md describes it for other languages.</summary>
public sealed class ContentHashTests
{
    [Theory]
    [InlineData("")]
    [InlineData("5:TEA-1,-,", "TEA-1", null)]
    [InlineData("3:\u00fcx,0:,", "\u00fcx", "")]
    public void ContentHash_is_half_of_the_SHA256_of_netstrings(string netstrings, params string?[] values) =>
        ContentHash.Of(values).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(netstrings)))[..32]);

    [Fact]
    public void Amounts_and_times_have_one_form()
    {
        ContentHash.Amount(12.5000m).ShouldBe("12.5");
        ContentHash.Amount(0m).ShouldBe("0");
        ContentHash.Time(DateTimeOffset.UnixEpoch.AddTicks(15)).ShouldBe("1");
    }
}
