namespace ForgeShop.Forge.Cli;

/// <summary>The sorts of vectors of a tool.</summary>
/// <param name="Shapes">Recognise and check the vectors; the first that recognises a vector checks it.</param>
/// <param name="Prose">Members of a file that are never vectors.</param>
internal sealed record VectorSorts(IReadOnlyList<IVectorShape> Shapes, IReadOnlyList<string> Prose)
{
    /// <summary>Gets the sorts that Forge itself must reproduce.</summary>
    public static VectorSorts Forge { get; } = new([new ForgeIdVector(), new ForgeKindVector(), new Rfc9562Vector(), new JcsVector()], []);
}
