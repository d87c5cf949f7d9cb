using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

public class ParameterResource : Resource
{
    private readonly Lazy<string> value;

    public ParameterResource(string name, Func<ParameterDefault?, string> callback, bool secret = false)
        : base(name)
    {
        Secret = secret;
        value = new(() => callback(Default), LazyThreadSafetyMode.PublicationOnly);
    }

    public bool Secret { get; }

    public ParameterDefault? Default { get; set; }

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => ValueTask.FromResult<string?>(value.Value);
}

public abstract class ParameterDefault
{
    public abstract string GetDefaultValue();
}

/// <summary>A random value. The original can demand so and so many characters of a kind; here each allowed kind occurs at least once.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    private const string LowerLetters = "abcdefghjkmnpqrstuvwxyz";
    private const string UpperLetters = "ABCDEFGHJKMNPQRSTUVWXYZ";
    private const string Digits = "0123456789";
    private const string SpecialCharacters = "-_.{}~()*+!";

    public int MinLength { get; set; } = 22;

    public bool Lower { get; set; } = true;

    public bool Upper { get; set; } = true;

    public bool Numeric { get; set; } = true;

    public bool Special { get; set; } = true;

    public override string GetDefaultValue()
    {
        string[] kinds = [.. Kinds()];
        var alphabet = string.Concat(kinds);
        while (true)
        {
            var value = RandomNumberGenerator.GetString(alphabet, MinLength);
            if (MinLength < kinds.Length || kinds.All(kind => value.AsSpan().ContainsAny(kind)))
                return value;
        }
    }

    private IEnumerable<string> Kinds()
    {
        if (Lower)
            yield return LowerLetters;
        if (Upper)
            yield return UpperLetters;
        if (Numeric)
            yield return Digits;
        if (Special)
            yield return SpecialCharacters;
    }
}
