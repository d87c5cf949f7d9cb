using System.Globalization;
using System.Numerics;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ForgeShop.Forge.Tests;

/// <summary>A change of one literal of the library.</summary>
internal sealed record Mutant(string File, string Line, string Was, string Becomes, SyntaxTree Original, SyntaxTree Changed)
{
    public override string ToString() => $"{File}: {Was} -> {Becomes} in: {Line}";
}

/// <summary>The library's sources, compiled here, as they are or with one literal changed.</summary>
internal sealed class MutatedForge
{
    private const int MostInAFile = 50;

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest);

    // The files that decide the bytes of an ID. Left out: exceptions and their texts, JSON of catalogues, paths and prefixes, because no ID
    // depends on them; and the lanes of batches, which repeat the same constants and are compared with the platform's SHA-1 in every lane
    // and length (BatchTests).
    private static readonly string[] Derivation =
        ["Hashing/NameHash.cs", "Hashing/NameBasedUuid.cs", "Hashing/NamespaceIds.cs", "Hashing/Sha1", "Keys/CanonicalKey",
            "Keys/FieldName.cs", "Keys/KeyKind.cs", "ForgeAlgorithm.cs", "ForgeDomain.cs", "EntityNamespace.cs", "RecordKey",
            "Ids/Uuid.cs"];

    private readonly CSharpCompilation _compilation;

    public MutatedForge()
    {
        var root = Path.Combine(Repository.Root, "shared", "Forge");
        var trees = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file =>
                CSharpSyntaxTree.ParseText(File.ReadAllText(file), Language, Path.GetRelativePath(root, file).Replace('\\', '/')))
            .Append(CSharpSyntaxTree.ParseText(Surroundings, Language, "Surroundings.cs"));
        var framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == Path.GetDirectoryName(typeof(object).Assembly.Location))
                .Select(path => MetadataReference.CreateFromFile(path));
        _compilation = CSharpCompilation.Create("ForgeShop.Forge", trees, framework,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release,
                allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }

    // The additions of the project file: implicit usings, the version for the tool, and the assemblies with access to internals.
    private const string Surroundings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        [assembly: System.Reflection.AssemblyVersion("1.0.0.0")]
        [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("ForgeShop.Forge.Tests")]
        """;

    public IReadOnlyList<Mutant> Mutants() =>
    [
        .. _compilation.SyntaxTrees.Where(tree => Derivation.Any(place => tree.FilePath.StartsWith(place, StringComparison.Ordinal)))
            .SelectMany(tree => Sample([.. Mutants(tree)])),
    ];

    // The rounds of SHA-1 repeat a few constants, so an even sample of a long file is enough.
    private static IEnumerable<Mutant> Sample(Mutant[] all) =>
        all.Where((_, number) => number * MostInAFile / all.Length != (number - 1) * MostInAFile / all.Length || all.Length <= MostInAFile);

    private static IEnumerable<Mutant> Mutants(SyntaxTree tree) =>
        from literal in tree.GetRoot(TestContext.Current.CancellationToken).DescendantNodes().OfType<LiteralExpressionSyntax>()
        where !IsMessage(literal) && !IsSize(literal) && !IsPlace(literal)
        let other = Another(literal.Token)
        where other is not null
        select new Mutant(
            tree.FilePath, tree.GetText().Lines.GetLineFromPosition(literal.SpanStart).ToString().Trim(), literal.Token.Text, other, tree,
            tree.WithChangedText(tree.GetText().WithChanges(new Microsoft.CodeAnalysis.Text.TextChange(literal.Token.Span, other))));

    /// <summary>Compiles the library with one mutant, or unchanged. Null if it does not compile.</summary>
    public byte[]? Compile(Mutant? mutant)
    {
        var compilation = mutant is null ? _compilation : _compilation.ReplaceSyntaxTree(mutant.Original, mutant.Changed);
        using var library = new MemoryStream();
        var result = compilation.Emit(library);
        if (mutant is null) result.Success.ShouldBeTrue(
            string.Join('\n', result.Diagnostics.Where(diagnostic => diagnostic.Severity is DiagnosticSeverity.Error)));
        return result.Success ? library.ToArray() : null;
    }

    // Texts of exceptions and attributes do not affect IDs.
    private static bool IsMessage(SyntaxNode literal) => literal.Ancestors().Any(parent =>
        parent is AttributeSyntax or ThrowExpressionSyntax or ThrowStatementSyntax
        || parent is MethodDeclarationSyntax method && method.ReturnType.ToString().EndsWith("Exception", StringComparison.Ordinal)
            || parent is ObjectCreationExpressionSyntax creation
            && creation.Type.ToString().EndsWith("Exception", StringComparison.Ordinal));

    // A larger buffer changes no ID.
    private static bool IsSize(SyntaxNode literal) => literal.Ancestors().Any(parent =>
        parent is StackAllocArrayCreationExpressionSyntax or MethodDeclarationSyntax { Identifier.Text: "Bound" }
        || parent is VariableDeclaratorSyntax
        {
            Identifier.Text: "StackLimit" or "RecordScratch" or "NameBufferSize" or "FirstRental" or "Size",
        }
        || parent is InvocationExpressionSyntax call
            && (call.Expression.ToString() is "Reserve" || call.Expression.ToString().EndsWith(".Rent", StringComparison.Ordinal)));

    // Indices and loop counters: 0 and 1, and the 240 positions of the rounds of SHA-1, which every vector uses. Forge only publishes
    // the namespaces that it does not use (DomainTests).
    private static bool IsPlace(LiteralExpressionSyntax literal) =>
        literal.Token.Text is "0" or "1"
            || literal.Ancestors()
            .Any(parent => parent is BracketedArgumentListSyntax or PropertyDeclarationSyntax { Identifier.Text: "Url" or "Oid" or "X500" }
            || parent is InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Store" } });

    private static string? Another(SyntaxToken token) => token.Kind() switch
    {
        SyntaxKind.NumericLiteralToken => Next(token),
        SyntaxKind.CharacterLiteralToken => SyntaxFactory.Literal((char)((char)token.Value! + 1)).Text,
        SyntaxKind.StringLiteralToken => SyntaxFactory.Literal(Changed(token.ValueText)).Text,
        SyntaxKind.Utf8StringLiteralToken => SyntaxFactory.Literal(Changed(token.ValueText)).Text + "u8",
        _ => null,
    };

    // The next value in the same notation.
    private static string Next(SyntaxToken token)
    {
        var suffix = new string([.. token.Text.Reverse().TakeWhile(c => c is 'u' or 'U' or 'l' or 'L').Reverse()]);
        if (token.Value is double or float or decimal) return token.Text + "1";
        var next = BigInteger.Parse(Convert.ToString(token.Value, CultureInfo.InvariantCulture)!, CultureInfo.InvariantCulture) + 1;
        return next.ToString(CultureInfo.InvariantCulture) + suffix;
    }

    private static string Changed(string text) =>
        text.Length == 0 ? "x" : new StringBuilder(text) { [^1] = text[^1] == 'x' ? 'y' : 'x' }.ToString();
}
