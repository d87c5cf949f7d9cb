using System.Globalization;
using System.Security.Claims;

namespace ForgeShop.ServiceDefaults;

/// <summary>How long a token is still good: what an answer that goes on for a while must not outlast.</summary>
public static class TokenLifetime
{
    /// <summary>What is left of the token's time, at most <paramref name="longest"/>; nothing where it has no end that can be read.</summary>
    public static TimeSpan LeftOf(ClaimsPrincipal user, DateTimeOffset now, TimeSpan longest) =>
        double.TryParse(user.FindFirst("exp")?.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var expires)
            ? TimeSpan.FromSeconds(Math.Clamp(expires - (now.ToUnixTimeMilliseconds() / 1000.0), 0, longest.TotalSeconds))
            : TimeSpan.Zero;
}
