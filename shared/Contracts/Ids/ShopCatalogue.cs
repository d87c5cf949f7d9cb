namespace ForgeShop.Contracts;

/// <summary>The shop's entity catalogue (catalogue.json): the single definition of the natural key of each entity type.</summary>
public static class ShopCatalogue
{
    public static EntityCatalogue Instance { get; } = Load();

    private static EntityCatalogue Load()
    {
        using var file = typeof(ShopCatalogue).Assembly.GetManifestResourceStream("catalogue.json")
            ?? throw new ForgeConfigurationException("The entity catalogue is not embedded in this build.");
        var json = new byte[file.Length];
        file.ReadExactly(json);
        return EntityCatalogue.Parse(json);
    }
}
