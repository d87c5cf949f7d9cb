using System.Collections.Frozen;

namespace ForgeShop.Contracts;

/// <summary>The names of enum values in answers, events and columns: kebab-case, by the framework's naming policy.</summary>
public static class EnumNames
{
    /// <summary>Returns <c>out-of-stock</c> for <c>OutOfStock</c>.</summary>
    /// <exception cref="KeyNotFoundException">The value is not defined.</exception>
    public static string ToName<TEnum>(this TEnum value) where TEnum : struct, Enum => Names<TEnum>.Of[value];

    /// <exception cref="FormatException">No value has this name.</exception>
    public static TEnum Parse<TEnum>(string name) where TEnum : struct, Enum => Names<TEnum>.Values.TryGetValue(name, out var value)
        ? value
        : throw new FormatException($"There is no such {typeof(TEnum).Name}.");

    private static class Names<TEnum> where TEnum : struct, Enum
    {
        public static readonly FrozenDictionary<TEnum, string> Of =
            Enum.GetValues<TEnum>().ToFrozenDictionary(value => value, value => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}"));

        public static readonly FrozenDictionary<string, TEnum> Values = Of.ToFrozenDictionary(name => name.Value, name => name.Key);
    }
}
