using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;

namespace ForgeShop.Forge.EntityFrameworkCore;

/// <summary>Typed IDs in a whole model at once.</summary>
public static class TypedIdConventions
{
    /// <summary>
    /// Stores every property whose type is one of the typed IDs of an assembly, nullable or not, key or not, as its <see cref="Guid"/>,
    /// without value generation: an ID is derived before the entity is saved. To be called in <c>DbContext.ConfigureConventions</c>; what a
    /// model says itself about a property goes before it.
    /// </summary>
    /// <param name="conventions">The conventions of the model.</param>
    /// <param name="assembly">Where the typed IDs are declared: <c>typeof(UserId).Assembly</c>.</param>
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
            // As strong as an attribute: stronger than EF Core's own convention, by which keys are generated.
            if (IsTypedId(Nullable.GetUnderlyingType(type) ?? type)) propertyBuilder.ValueGenerated(
                ValueGenerated.Never, fromDataAnnotation: true);
        }
    }
}
