using System.Text;

namespace ForgeShop.Forge.Tests;

public sealed class CatalogueTests
{
    private static EntityCatalogue Parse(string json) => EntityCatalogue.Parse(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Catalogue_declares_plain_keys_records_lists_and_nested_records()
    {
        var catalogue = Parse("""
            {"domain": "shop.example", "entities": {
              "users": {"prefix": "usr", "key": "email", "description": "who registered"},
              "parcels": {"key": {"to": {"street": "text", "number": "int"}, "items": ["uuid"], "marks": [["text"]]}}}}
            """);
        catalogue.Domain.ShouldBe("shop.example");
        catalogue.Types.Select(type => type.Name).ShouldBe(["users", "parcels"]);
        catalogue["users"].Shape.Kind.ShouldBe(KeyKind.Email);
        catalogue["users"].Prefix.ShouldBe("usr");
        var parcels = catalogue["parcels"].Shape;
        parcels.Form.ShouldBe(KeyForm.Record);
        parcels.Fields["to"].Fields["number"].Kind.ShouldBe(KeyKind.Int);
        parcels.Fields["items"].Element!.Kind.ShouldBe(KeyKind.Uuid);
        parcels.Fields["marks"].Element!.Element!.Kind.ShouldBe(KeyKind.Text);
        catalogue.TryGet("nonsense", out _).ShouldBeFalse();
        catalogue.TryGet(null, out _).ShouldBeFalse();
        Should.Throw<ForgeConfigurationException>(() => catalogue["nonsense"]).Message.ShouldContain("users, parcels");
    }

    [Fact]
    public void Prefixed_ID_finds_its_type()
    {
        var catalogue = Parse(
            """
            {"domain":"a.b",
             "entities":{"users":{"prefix":"usr","key":"email"},"orders":{"prefix":"ord","key":"uuid"},"plain":{"key":"text"}}}
            """);
        var id = Guid.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a");
        catalogue.TryParsePrefixed("ord_6e16f6c3-de6b-55c3-80ba-75907720bb8a", out var type, out var read).ShouldBeTrue();
        (type!.Name, read).ShouldBe(("orders", id));
        catalogue.TryParsePrefixed("xyz_6e16f6c3-de6b-55c3-80ba-75907720bb8a", out _, out _).ShouldBeFalse();
        catalogue.TryParsePrefixed("6e16f6c3-de6b-55c3-80ba-75907720bb8a", out _, out _).ShouldBeFalse();
        catalogue.TryParsePrefixed("_6e16f6c3-de6b-55c3-80ba-75907720bb8a", out _, out _).ShouldBeFalse();
        catalogue["users"].ToPrefixedText(id).ShouldBe("usr_" + id);
        catalogue["users"].TryParsePrefixedText("usr_" + id, out read).ShouldBeTrue();
        catalogue["users"].TryParsePrefixedText(id.ToString(), out _).ShouldBeFalse();
        catalogue["users"].TryParsePrefixedText("ord_" + id, out _).ShouldBeFalse();
        catalogue["plain"].ToPrefixedText(id).ShouldBe(id.ToString());
        catalogue["plain"].TryParsePrefixedText(id.ToString(), out read).ShouldBeTrue();
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "not an object")]
    [InlineData("""{"entities":{}}""", "no domain")]
    [InlineData("""{"domain":5,"entities":{}}""", "not a string")]
    [InlineData("""{"domain":"a.b","entities":[]}""", "not an object")]
    [InlineData("""{"domain":"a.b","entitys":{}}""", "entitys")]
    [InlineData("""{"domain":"a.b","entities":{"users":{}}}""", "declares no key")]
    [InlineData("""{"domain":"a.b","entities":{"users":{"key":"emial"}}}""", "users.key")]
    [InlineData("""{"domain":"a.b","entities":{"users":{"key":{}}}}""", "at least one field")]
    [InlineData("""{"domain":"a.b","entities":{"users":{"key":{"A":"int"}}}}""", "lower-case letter")]
    [InlineData("""{"domain":"a.b","entities":{"users":{"key":["int"]}}}""", "not a list")]
    [InlineData("""{"domain":"a.b","entities":{"users":{"key":{"a":["int","int"]}}}}""", "users.key.a")]
    [InlineData("""{"domain":"a.b","entities":{"users":{"key":"email","perfix":"usr"}}}""", "perfix")]
    [InlineData("""{"domain":"a.b","entities":{"users":{"key":"email","prefix":"USR"}}}""", "prefix")]
    [InlineData("""{"domain":"\ud800","entities":{}}""", "not Unicode")]
    [InlineData("""{"domain":"a.b","entities":{"\ud800":{"key":"email"}}}""", "not Unicode")]
    [InlineData("""{"domain":"a.b","entities":{"Users":{"key":"email"}}}""", "U+0055")]
    [InlineData("""{"domain":"a.b","entities":{"users":{"key":"email"},"users":{"key":"email"}}}""", "not valid JSON")]
    [InlineData("""{"domain":"a.b","entities":{"a":{"key":"email","prefix":"x"},"b":{"key":"email","prefix":"x"}}}""", "declared twice")]
    public void Malformed_catalogue_is_refused(string json, string because) =>
        Should.Throw<ForgeConfigurationException>(() => Parse(json)).Message.ShouldContain(because);
}
