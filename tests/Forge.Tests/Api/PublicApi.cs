using System.Reflection;
using System.Text;

namespace ForgeShop.Forge.Tests;

/// <summary>The public and protected members of an assembly as text, one line each, sorted.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly NullabilityInfoContext Nullability = new();

    public static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Heading(type)).Append('\n');
            foreach (var line in Members(type).Order(StringComparer.Ordinal)) text.Append("  ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static string Heading(Type type)
    {
        var sort = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsByRefLike ? "ref struct" : type.IsValueType ? "struct"
            : type is { IsAbstract: true, IsSealed: true }
                ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        var parents = new[] { type.BaseType }.Concat(type.GetInterfaces())
            .Where(parent => parent is not null && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum)
            && parent.Namespace?.StartsWith("System.Numerics", StringComparison.Ordinal) != true)
            .Where(parent => !type.IsEnum).Select(parent => Name(parent!)).Order(StringComparer.Ordinal).ToList();
        return $"{sort} {Name(type)}{(parents.Count > 0 ? " : " + string.Join(", ", parents) : "")}";
    }

    private static IEnumerable<string> Members(Type type) => type.GetMembers(Declared).Where(IsVisible).Select(member => member switch
    {
        FieldInfo { IsLiteral: true } field => $"const {field.Name} = {field.GetRawConstantValue()}",
        FieldInfo field => $"field {Name(field.FieldType)} {field.Name}",
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        PropertyInfo property =>
            $"{Static(property.GetMethod!)}{Annotated(property.PropertyType, Nullability.Create(property).ReadState)} "
            + $"{property.Name}{Index(property)} {{ get;{Setter(property)} }}",
        MethodInfo method =>
            $"{Static(method)}{Annotated(method.ReturnType, Nullability.Create(method.ReturnParameter).ReadState)} "
            + $"{method.Name}{Generics(method)}({Parameters(method)})",
        _ => member.ToString()!,
    });

    private static string Index(PropertyInfo property) => property.GetIndexParameters() is { Length: > 0 } parameters
        ? $"[{string.Join(", ", parameters.Select(Parameter))}]" : "";

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodInfo method =>
            (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly)
            && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)),
        ConstructorInfo constructor => constructor.IsPublic || constructor.IsFamily || constructor.IsFamilyOrAssembly,
        FieldInfo field => field.IsPublic && !field.IsSpecialName,
        PropertyInfo property => property.GetMethod is { } getter && (getter.IsPublic || getter.IsFamily),
        _ => false,
    };

    private static string Setter(PropertyInfo property) => property.SetMethod switch
    {
        null or { IsPublic: false } => "",
        var setter => setter.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? " init;" : " set;",
    };

    private static string Static(MethodInfo method) => method.IsStatic ? method.IsAbstract ? "static abstract " : "static " : "";

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var way = parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? parameter.IsIn ? "in " : "ref " : "";
        var many = parameter.CustomAttributes.Any(
            attribute => attribute.AttributeType.Name is "ParamArrayAttribute" or "ParamCollectionAttribute") ? "params " : "";
        var defaulted = parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "null"}" : "";
        return $"{many}{way}{Annotated(parameter.ParameterType, Nullability.Create(parameter).ReadState)} {parameter.Name}{defaulted}";
    }

    private static string Annotated(Type type, NullabilityState state) =>
        Name(type)
        + (state is NullabilityState.Nullable && !type.IsValueType && !(type.IsByRef && type.GetElementType()!.IsValueType) ? "?" : "");

    private static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!);
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } inner) return Name(inner) + "?";
        if (type.IsGenericParameter) return type.Name;
        var name = type.Name.Split('`')[0];
        if (type.IsGenericType) name += $"<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
        return name;
    }
}
