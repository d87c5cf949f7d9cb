using ForgeShop.Forge;

namespace ForgeShop.Contracts;

/// <summary>The shop's entity catalogue (catalogue.json): the single place that says which natural key names which entity.</summary>
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
