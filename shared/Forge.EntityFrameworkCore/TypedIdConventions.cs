using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;

namespace ForgeShop.Forge.EntityFrameworkCore;

/// <summary>Typed IDs in a whole model at once.</summary>
public static class TypedIdConventions
{
    /// <summary>
    /// Stores every property whose type is an <see cref="ITypedId{TSelf}"/>, nullable or not, key or not, as its <see cref="Guid"/>, and lets nobody
    /// generate it: an ID is derived before the entity is saved. To be called in <c>DbContext.ConfigureConventions</c>.
    /// </summary>
    /// <param name="conventions">The conventions of the model.</param>
    public static ModelConfigurationBuilder UseTypedIds(this ModelConfigurationBuilder conventions)
    {
        ArgumentNullException.ThrowIfNull(conventions);
        // Without this EF Core takes a struct that it does not know for no property at all.
        conventions.Properties(typeof(ITypedId<>));
        conventions.Conventions.Add(_ => new TypedIdConvention());
        return conventions;
    }

    private sealed class TypedIdConvention : IPropertyAddedConvention
    {
        public void ProcessPropertyAdded(IConventionPropertyBuilder propertyBuilder, IConventionContext<IConventionPropertyBuilder> context)
        {
            var type = propertyBuilder.Metadata.ClrType;
            type = Nullable.GetUnderlyingType(type) ?? type;
            if (!IsTypedId(type)) return;
            propertyBuilder.HasConverter(typeof(TypedIdConverter<>).MakeGenericType(type));
            // Stronger than EF Core's own convention, which would have keys generated; weaker than what a model says itself.
            propertyBuilder.ValueGenerated(ValueGenerated.Never, fromDataAnnotation: true);
        }

        private static bool IsTypedId(Type type) =>
            type.IsValueType && type.GetInterfaces().Any(contract => contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(ITypedId<>));
    }
}
