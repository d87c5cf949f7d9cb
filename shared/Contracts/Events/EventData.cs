namespace ForgeShop.Contracts.Events;

/// <summary>Reads the data of events in any published version.</summary>
public static class EventData
{
    /// <exception cref="UnknownEventVersionException">The data is of a newer version than <typeparamref name="TEvent"/>.</exception>
    /// <exception cref="JsonException">The data does not have the form of its version.</exception>
    public static TEvent Read<TEvent>(JsonElement data, int version) where TEvent : IEventData
    {
        if (version > TEvent.DataVersion)
            throw new UnknownEventVersionException($"version {version} of {TEvent.Type} is not known here, only {TEvent.DataVersion}");
        if (version == TEvent.DataVersion)
            return data.Deserialize<TEvent>(ContractsJson.Options) ?? throw new JsonException("The data is null.");

        var upcast = data.ValueKind == JsonValueKind.Object ? JsonObject.Create(data)! : throw new JsonException("The data is no object.");
        for (; version < TEvent.DataVersion; version++)
            upcast = TEvent.Upcast(upcast, version);
        return upcast.Deserialize<TEvent>(ContractsJson.Options)!;
    }

    /// <summary>Renames a member and keeps its value; does nothing if the member is absent.</summary>
    public static JsonObject Rename(this JsonObject data, string member, string newName)
    {
        if (data.TryGetPropertyValue(member, out var value) && data.Remove(member))
            data[newName] = value;
        return data;
    }
}
