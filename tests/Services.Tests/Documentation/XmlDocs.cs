using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ForgeShop.Services.Tests;

/// <summary>The summaries of types and members, from the documentation files beside the assemblies.</summary>
internal static partial class XmlDocs
{
    private static readonly Dictionary<string, Dictionary<string, string>> Files = [];

    public static string Summary(Type type) => Summary(type.Assembly, "T:" + type.FullName);

    public static string Summary(PropertyInfo property) =>
        Summary(property.DeclaringType!.Assembly, $"P:{property.DeclaringType.FullName}.{property.Name}");

    private static string Summary(Assembly assembly, string member)
    {
        var path = Path.ChangeExtension(assembly.Location, ".xml");
        if (!Files.TryGetValue(path, out var members))
        {
            members = !File.Exists(path) ? [] : XDocument.Load(path, LoadOptions.PreserveWhitespace).Descendants("member")
                .Where(each => each.Element("summary") is not null)
                .ToDictionary(each => each.Attribute("name")!.Value, each => Text(each.Element("summary")!));
            Files[path] = members;
        }

        return members.GetValueOrDefault(member, "");
    }

    private static string Text(XElement element)
    {
        var parts = element.Nodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement { Name.LocalName: "see" or "paramref" } reference =>
                $"`{(reference.Attribute("cref") ?? reference.Attribute("name") ?? reference.Attribute("langword"))!.Value
                    .Split(':', '.')[^1]}`",
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement inner => Text(inner),
            _ => "",
        });
        return Space().Replace(string.Concat(parts), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
