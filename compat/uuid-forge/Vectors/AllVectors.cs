using System.Text.Json;
using ForgeShop.Forge.Cli;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Vectors;

/// <summary>All sorts of vectors in vectors/.</summary>
internal static class AllVectors
{
    private static readonly IVectorShape[] UuidForge =
    [
        new UuidForgeVector(), new UuidForgePrefixVector(), new UuidForgeExtractVector(), new UuidForgeSurrogateVector(),
        new UuidForgeVersionVector(),
        new UuidForgeSecurityVector(), new UuidForgeEnvironmentVector(), new PrintableVector(),
    ];

    public static VectorSorts Sorts { get; } = new(
        [.. VectorSorts.Forge.Shapes, .. UuidForge.Select(shape => new Refusing(shape))],
        // Sections of uuid-forge.extra.json that describe Python's behaviour in prose; they contain no vectors.
        Prose: ["collisions", "errors", "repr_only"]);

    /// <summary>Treats refusals of the compatibility library like Forge's own.</summary>
    private sealed class Refusing(IVectorShape shape) : IVectorShape
    {
        public bool Recognises(JsonElement vector) => shape.Recognises(vector);

        public string? Check(JsonElement vector)
        {
            try
            {
                return shape.Check(vector);
            }
            catch (UuidForgeException refusal)
            {
                throw new MalformedVectorException(refusal.Message);
            }
        }
    }
}
