using System.Collections.Frozen;

namespace ForgeShop.Contracts;

/// <summary>The currencies and their decimals (ISO 4217, list one), without metals, units of account and test codes.</summary>
public static class Currencies
{
    private const string WithoutDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";

    private const string WithTwoDecimals =
        """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU
        CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
        KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK
        PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD
        USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
        """;

    private const string WithThreeDecimals = "BHD IQD JOD KWD LYD OMR TND";

    private const string WithFourDecimals = "CLF UYW";

    private static readonly FrozenDictionary<string, int> Decimals = Of(WithoutDecimals, 0).Concat(Of(WithTwoDecimals, 2))
        .Concat(Of(WithThreeDecimals, 3)).Concat(Of(WithFourDecimals, 4)).ToFrozenDictionary(StringComparer.Ordinal);

    public static IReadOnlyCollection<string> All => Decimals.Keys;

    public static bool Contains(string? code) => code is not null && Decimals.ContainsKey(code);

    /// <exception cref="KeyNotFoundException">The currency is unknown.</exception>
    public static int DecimalsOf(string code) => Decimals[code];

    private static IEnumerable<KeyValuePair<string, int>> Of(string codes, int decimals) =>
        codes.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(code => KeyValuePair.Create(code, decimals));
}
