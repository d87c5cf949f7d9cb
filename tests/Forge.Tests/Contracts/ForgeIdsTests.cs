using System.Text.Json.Nodes;
using ForgeShop.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Forge.Tests;

public sealed class ForgeIdsTests
{
    private static readonly ForgeIds Ids = new();

    [Fact]
    public void Catalogue_has_the_declared_entity_types_and_keys()
    {
        static string Describe(KeyShape shape) =>
            shape.Kind?.ToName()
            ?? string.Join(
            ",", shape.Fields.Select(field => $"{field.Key}:{field.Value.Kind!.Value.ToName()}").Order(StringComparer.Ordinal));
        Ids.Catalogue.Domain.ShouldBe("forgeshop.example");
        Ids.Catalogue.Types.Select(type => $"{type.Name} {type.Prefix} {Describe(type.Shape)}").ShouldBe(
        [
            "users usr email",
            "products prd sku",
            "orders ord reference:text,user:uuid",
            "order-lines oln order:uuid,product:uuid",
            "reservations rsv uuid",
            "sagas sag uuid",
            "payments pay attempt:int,order:uuid",
            "events evt aggregate:uuid,sequence:int,type:text",
            "notifications ntf notice:text,reference:uuid,user:uuid",
            "correlations cor action:text,actor:text,reference:text",
            "files fil sha256:text,size:int",
            "sessions ses issued:ts3,user:uuid",
        ]);
    }

    // Compares the catalogue with the vectors of the shop's entity types, by typed methods and by named texts.
    [Fact]
    public void Catalogue_derives_the_IDs_of_the_vectors()
    {
        var vectors = JsonNode.Parse(File.ReadAllText(Repository.Vectors("forge-id.json")))!["ids"]!.AsArray();
        var compared = 0;
        foreach (var vector in vectors)
        {
            var entity = (string)vector!["entity"]!;
            if ((string)vector["domain"]! != "forgeshop.example" || (string)vector["algorithm"]! != "v5" || vector["error"] is not null
                || !Ids.Catalogue.TryGet(entity, out var type)) continue;
            KeyValuePair<string, string?>[] fields = vector["key"]!["fields"] is JsonArray record
                ? [.. record.Select(field => new KeyValuePair<string, string?>((string)field![0]!, (string)field[1]!["value"]!))]
                : [new("key", (string)vector["key"]!["value"]!)];
            if (type.Shape.Form is KeyForm.Record && !type.Shape.Fields.Keys.ToHashSet()
                .SetEquals(fields.Select(field => field.Key))) continue;
            var expected = Guid.Parse((string)vector["uuid"]!);
            Ids.Derive(entity, fields).ShouldBe(expected, (string)vector["id"]!);
            string Value(string name) => fields.Single(field => field.Key == name).Value!;
            var typed = entity switch
            {
                "users" => Ids.User(Value("key")).Value,
                "products" => Ids.Product(Value("key")).Value,
                "orders" => Ids.Order(UserId.Parse(Value("user")), Value("reference")).Value,
                "payments" => Ids.Payment(OrderId.Parse(Value("order")), int.Parse(Value("attempt"))).Value,
                "events" => Ids.Event(Guid.Parse(Value("aggregate")), Value("type"), long.Parse(Value("sequence"))).Value,
                _ => expected,
            };
            typed.ShouldBe(expected, (string)vector["id"]!);
            compared++;
        }
        compared.ShouldBeGreaterThanOrEqualTo(20);
    }

    [Fact]
    public void Typed_method_derives_the_same_ID_as_named_texts()
    {
        var user = Ids.User("ada@example.com");
        var product = Ids.Product("sku-001");
        var order = Ids.Order(user, "cart-1");
        var reference = Guid.Parse("00112233-4455-5677-8899-aabbccddeeff");
        var hash = new string('a', 64);
        Guid Named(string entity, params (string, string)[] fields) =>
            Ids.Derive(entity, fields.Select(field => new KeyValuePair<string, string?>(field.Item1, field.Item2)));
        user.Value.ShouldBe(Named("users", ("key", "ADA@example.com")));
        product.Value.ShouldBe(Named("products", ("key", " SKU-001")));
        order.Value.ShouldBe(Named("orders", ("reference", "cart-1"), ("user", user.ToString())));
        Ids.OrderLine(order, product).Value.ShouldBe(Named("order-lines", ("order", order.ToString()), ("product", product.ToString())));
        Ids.Reservation(order).Value.ShouldBe(Named("reservations", ("key", order.ToString())));
        Ids.Saga(order).Value.ShouldBe(Named("sagas", ("key", order.ToString().ToUpperInvariant())));
        Ids.Payment(order, 2).Value.ShouldBe(Named("payments", ("order", order.ToString()), ("attempt", "2")));
        Ids.Event(order.Value, "orders.order-placed", 1).Value.ShouldBe(
            Named("events", ("aggregate", order.ToString()), ("type", "orders.order-placed"), ("sequence", "1")));
        Ids.Notification(user, "order-confirmed", reference).Value.ShouldBe(
            Named("notifications", ("user", user.ToString()), ("notice", "order-confirmed"), ("reference", reference.ToString())));
        Ids.Correlation("ada", "place-order", "cart-1").Value.ShouldBe(
            Named("correlations", ("actor", "ada"), ("action", "place-order"), ("reference", "cart-1")));
        Ids.File(hash, 17).Value.ShouldBe(Named("files", ("sha256", hash), ("size", "17")));
        Ids.Session(user, DateTimeOffset.Parse("2024-01-15T11:30:00.5+01:00", null)).Value.ShouldBe(
            Named("sessions", ("user", user.ToString()), ("issued", "2024-01-15T10:30:00.500Z")));
        Ids.Reservation(order).Value.ShouldNotBe(Ids.Saga(order).Value);
    }

    [Fact]
    public void Refusal_names_the_field_and_not_the_value()
    {
        Should.Throw<ForgeKeyException>(() => Ids.User("no address")).Message.ShouldBe(
            "users: the key of kind email has U+0020, which is not allowed there");
        Should.Throw<ForgeKeyException>(() => Ids.User(null!)).Error.Refusal.ShouldBe(KeyRefusal.Empty);
        Should.Throw<ForgeKeyException>(() => Ids.Order(default, "")).Error.Field.ShouldBe("reference");
        Should.Throw<ForgeKeyException>(() => Ids.Order(default, null!)).Error.Refusal.ShouldBe(KeyRefusal.Missing);
        Should.Throw<ForgeKeyException>(() => Ids.Session(default, DateTimeOffset.UnixEpoch.AddTicks(1))).Error.Refusal.ShouldBe(
            KeyRefusal.TooPrecise);
        foreach (var hash in new[] { null!, "", new string('A', 64), new string('a', 63) }) Should.Throw<ForgeKeyException>(
            () => Ids.File(hash, 1)).Error.Field.ShouldBe("sha256");
        Should.Throw<ForgeConfigurationException>(() => Ids.Derive("nonsense", []));
        Ids.TryDerive("users", [new("email", "a@b")], out _, out var error).ShouldBeFalse();
        error.ShouldBe(new KeyError(KeyRefusal.UnknownField, "users", "email", null, null));
    }

    [Fact]
    public void Command_line_has_the_same_catalogue()
    {
        using var ofContracts = typeof(ForgeIds).Assembly.GetManifestResourceStream("catalogue.json")!;
        using var ofTool = typeof(Cli.ForgeTool).Assembly.GetManifestResourceStream("catalogue.json")!;
        using var first = new StreamReader(ofContracts);
        using var second = new StreamReader(ofTool);
        second.ReadToEnd().ShouldBe(first.ReadToEnd());
        Tool.Run("id", "users", "ada@example.com").LastLine.ShouldBe(Ids.User("ada@example.com").ToString());
    }

    private static ForgeIds Configured(params (string, string?)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Item1, setting => setting.Item2)).Build();
        using var services = new ServiceCollection().AddForgeIds(configuration).BuildServiceProvider();
        return services.GetRequiredService<ForgeIds>();
    }

    [Fact]
    public void Configuration_chooses_the_algorithm()
    {
        Configured().User("a@b").ShouldBe(Ids.User("a@b"));
        Configured().IsKeyed.ShouldBeFalse();
        Configured(("Forge:Algorithm", "v8-sha256")).Domain.Algorithm.ShouldBe(ForgeAlgorithm.V8Sha256);
        var keyed = Configured(("Forge:Secret", "sixteen-bytes-ok"));
        keyed.IsKeyed.ShouldBeTrue();
        keyed.User("a@b").ToString().ShouldBe("cdb4677a-f91e-8c87-aa15-bfe879110447");
        Configured(("Forge:Secret", "sixteen-bytes-ok"), ("Forge:Algorithm", "v8-hmac-sha256")).User("a@b").ShouldBe(keyed.User("a@b"));
    }

    [Theory]
    [InlineData("v8-hmac-sha256", null)]
    [InlineData("v8-hmac-sha256", "too-short")]
    [InlineData(null, "too-short")]
    [InlineData(null, "")]
    [InlineData("v5", "sixteen-bytes-ok")]
    [InlineData("V5", null)]
    [InlineData("", null)]
    public void Contradictory_configuration_stops_the_start(string? algorithm, string? secret)
    {
        var settings = new List<(string, string?)>();
        if (algorithm is not null) settings.Add(("Forge:Algorithm", algorithm));
        if (secret is not null) settings.Add(("Forge:Secret", secret));
        Should.Throw<ForgeConfigurationException>(() => Configured([.. settings]));
    }
}
