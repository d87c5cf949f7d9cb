using System.Text.Json;

namespace ForgeShop.Forge.Cli;

/// <summary>The result of one vector; without a failure it passed.</summary>
internal readonly record struct VectorOutcome(string Name, string? Failure);

/// <summary>One sort of vectors: recognises them by their members and checks them.</summary>
internal interface IVectorShape
{
    bool Recognises(JsonElement vector);

    /// <summary>Compares the result of the library with the vector. Returns the difference, or null.</summary>
    /// <exception cref="ForgeException">The library refuses the vector's input.</exception>
    /// <exception cref="MalformedVectorException">The vector is malformed, which counts as a refusal.</exception>
    string? Check(JsonElement vector);
}

/// <summary>A vector lacks a member of its sort, or a member has another type.</summary>
internal sealed class MalformedVectorException(string message) : Exception(message);

internal static class Vector
{
    /// <summary>Gets whether the vector must be refused: it has a member <c>error</c>, with any value.</summary>
    public static VectorOutcome Judge(IVectorShape shape, JsonElement vector, string name)
    {
        var mustRefuse = Has(vector, "error");
        try
        {
            var difference = shape.Check(vector);
            return new VectorOutcome(name, mustRefuse ? "was accepted and must be refused" : difference);
        }
        catch (Exception refusal) when (refusal is ForgeException or MalformedVectorException)
        {
            return new VectorOutcome(name, mustRefuse ? null : $"was refused: {refusal.Message}");
        }
    }

    /// <summary>Compares with a member of the vector, if the vector has it.</summary>
    public static string? Differs(JsonElement vector, string member, string actual)
    {
        if (!TryGet(vector, member, out var expected)) return null;
        return expected.ValueKind is JsonValueKind.String && JsonText.Read(expected) == actual ? null : $"{member} is {actual}";
    }

    public static string Text(JsonElement vector, string member) =>
        TryGet(vector, member, out var value) && value.ValueKind is JsonValueKind.String
            ? JsonText.Read(value)
            : throw new MalformedVectorException($"'{member}' is not a string");

    /// <summary>Returns the text of a member that may be null or absent.</summary>
    public static string? OptionalText(JsonElement vector, string member) =>
        TryGet(vector, member, out var value) && value.ValueKind is not JsonValueKind.Null ? Text(vector, member) : null;

    public static bool Flag(JsonElement vector, string member) =>
        TryGet(vector, member, out var value)
            && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean() : throw new MalformedVectorException($"'{member}' is not a truth value");

    /// <summary>Returns the items of a member that is an array; none if it is absent.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement vector, string member)
    {
        if (!TryGet(vector, member, out var items)) return [];
        return items.ValueKind is JsonValueKind.Array
            ? items.EnumerateArray() : throw new MalformedVectorException($"'{member}' is not an array");
    }

    public static bool Has(JsonElement vector, string member) => TryGet(vector, member, out _);

    /// <summary>Returns a member for which <see cref="Has"/> was true.</summary>
    public static JsonElement Get(JsonElement vector, string member) =>
        TryGet(vector, member, out var value) ? value : throw new MalformedVectorException($"'{member}' is missing");

    private static bool TryGet(JsonElement vector, string member, out JsonElement value)
    {
        value = default;
        if (vector.ValueKind is not JsonValueKind.Object) return false;
        try
        {
            return vector.TryGetProperty(member, out value);
        }
        catch (InvalidOperationException)
        {
            // The framework throws if the name of any member has a lone surrogate.
            foreach (var candidate in vector.EnumerateObject())
            {
                if (JsonText.Name(candidate) != member) continue;
                value = candidate.Value;
                return true;
            }
            return false;
        }
    }

    /// <summary>Throws if the vector has no expectation.</summary>
    public static void MustExpect(JsonElement vector, params ReadOnlySpan<string> members)
    {
        foreach (var member in members)
        {
            if (Has(vector, member)) return;
        }
        if (!Has(vector, "error")) throw new MalformedVectorException("expects neither a result nor an error");
    }
}
