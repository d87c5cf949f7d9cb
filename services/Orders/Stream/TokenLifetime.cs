using System.Globalization;
using System.Security.Claims;

namespace ForgeShop.Orders;

/// <summary>The remaining lifetime of a token. A stream ends before its token expires.</summary>
public static class TokenLifetime
{
    /// <summary>Returns the remaining lifetime, at most <paramref name="longest"/>; zero if the token has no readable expiry.</summary>
    public static TimeSpan LeftOf(ClaimsPrincipal user, DateTimeOffset now, TimeSpan longest) =>
        double.TryParse(user.FindFirst("exp")?.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var expires)
            ? TimeSpan.FromSeconds(Math.Clamp(expires - (now.ToUnixTimeMilliseconds() / 1000.0), 0, longest.TotalSeconds))
            : TimeSpan.Zero;
}
