namespace ForgeShop.Forge.Cli;

/// <summary>The sorts of vectors that a tool knows.</summary>
/// <param name="Shapes">How to tell and check each; the first that recognises a vector takes it.</param>
/// <param name="Prose">Members of a file that hold no vectors, whatever they look like.</param>
internal sealed record VectorSorts(IReadOnlyList<IVectorShape> Shapes, IReadOnlyList<string> Prose)
{
    /// <summary>What Forge itself must reproduce.</summary>
    public static VectorSorts Forge { get; } = new([new ForgeIdVector(), new ForgeKindVector(), new Rfc9562Vector(), new JcsVector()], []);
}
