using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;

namespace ForgeShop.Forge.EntityFrameworkCore;

/// <summary>Maps the typed IDs of a whole model.</summary>
public static class TypedIdConventions
{
    /// <summary>
    /// Stores every property whose type is one of the typed IDs of an assembly, nullable or not, key or not, as its <see cref="Guid"/>,
    /// without value generation: an ID is derived before the entity is saved. Call it in <c>DbContext.ConfigureConventions</c>. The
    /// configuration of a property in the model has precedence.
    /// </summary>
    /// <param name="conventions">The conventions of the model.</param>
    /// <param name="assembly">The assembly with the typed IDs: <c>typeof(UserId).Assembly</c>.</param>
    public static ModelConfigurationBuilder UseTypedIds(this ModelConfigurationBuilder conventions, Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(conventions);
        ArgumentNullException.ThrowIfNull(assembly);
        foreach (var type in assembly.GetTypes().Where(IsTypedId)) conventions.Properties(type)
            .HaveConversion(typeof(TypedIdConverter<>).MakeGenericType(type));
        conventions.Conventions.Add(_ => new NeverGenerated());
        return conventions;
    }

    private static bool IsTypedId(Type type) =>
        type is { IsValueType: true, ContainsGenericParameters: false }
            && type.GetInterfaces().Any(contract => contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(ITypedId<>));

    private sealed class NeverGenerated : IPropertyAddedConvention
    {
        public void ProcessPropertyAdded(IConventionPropertyBuilder propertyBuilder, IConventionContext<IConventionPropertyBuilder> context)
        {
            var type = propertyBuilder.Metadata.ClrType;
            // With the precedence of an attribute, above EF Core's own convention, which generates keys.
            if (IsTypedId(Nullable.GetUnderlyingType(type) ?? type)) propertyBuilder.ValueGenerated(
                ValueGenerated.Never, fromDataAnnotation: true);
        }
    }
}
