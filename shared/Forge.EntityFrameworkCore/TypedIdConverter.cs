using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ForgeShop.Forge.EntityFrameworkCore;

/// <summary>
/// Converts a typed ID to its <see cref="Guid"/>, which every provider stores in its own UUID type: <c>uuid</c> of PostgreSQL, 16 bytes in
/// network order. For one property where <see cref="TypedIdConventions.UseTypedIds"/> is not used: <c>Property(e =>
/// e.Id).HasConversion&lt;TypedIdConverter&lt;UserId&gt;&gt;()</c>.
/// </summary>
/// <typeparam name="T">The type of ID.</typeparam>
public sealed class TypedIdConverter<T>() : ValueConverter<T, Guid>(id => id.Value, value => TypedId.From<T>(value))
    where T : struct, ITypedId<T>;
