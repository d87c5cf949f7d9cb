using System.Reflection;
using System.Text.Json;
using ForgeShop.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Forge.Tests;

public sealed class TypedIdTests
{
    private const string Text = "6e16f6c3-de6b-55c3-80ba-75907720bb8a";

    private static readonly Type[] Types = [.. typeof(UserId).Assembly.GetTypes()
        .Where(type => type.GetInterfaces()
        .Any(contract => contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(ITypedId<>)))];

    [Fact]
    public void Every_entity_type_has_a_typed_ID()
    {
        Types.Select(type => type.Name).Order(StringComparer.Ordinal).ShouldBe(
            ["CorrelationId", "EventId", "FileId", "NotificationId", "OrderId", "OrderLineId", "PaymentId", "ProductId", "ReservationId",
                "SagaId", "SessionId", "UserId"]);
        Types.Length.ShouldBe(ShopCatalogue.Instance.Types.Count);
    }

    [Fact]
    public void Typed_IDs_parse_format_and_serialise_alike()
    {
        foreach (var type in Types) typeof(TypedIdTests)
            .GetMethod(nameof(Check), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, null);
    }

    private static void Check<T>() where T : struct, ITypedId<T>, IEquatable<T>
    {
        var id = T.From(Guid.Parse(Text));
        id.Value.ToString().ShouldBe(Text);
        id.ToString().ShouldBe(Text);
        $"{id}".ShouldBe(Text);
        T.Parse(Text.ToUpperInvariant(), null).ShouldBe(id);
        T.Parse(Text.AsSpan(), null).ShouldBe(id);
        T.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a"u8, null).ShouldBe(id);
        TypedId.From<T>(id.Value).ShouldBe(id);
        foreach (var wrong in new[] { "", "{" + Text + "}", " " + Text, Text + "\n", "+" + Text[1..], "usr_" + Text })
        {
            T.TryParse(wrong, null, out var none).ShouldBeFalse();
            T.TryParse(wrong.AsSpan(), null, out none).ShouldBeFalse();
            none.Value.ShouldBe(Guid.Empty);
            Should.Throw<FormatException>(() => T.Parse(wrong, null));
            Should.Throw<JsonException>(() => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(wrong), ContractsJson.Options));
        }
        T.TryParse((string?)null, null, out _).ShouldBeFalse();

        JsonSerializer.Serialize(id, ContractsJson.Options).ShouldBe($"\"{Text}\"");
        JsonSerializer.Deserialize<T>($"\"{Text}\"", ContractsJson.Options).ShouldBe(id);
        JsonSerializer.Deserialize<T>("\"\\u0036" + Text[1..] + "\"", ContractsJson.Options).ShouldBe(id, "escapes are no other text");
        JsonSerializer.Deserialize<T?>("null", ContractsJson.Options).ShouldBeNull();
        var map = JsonSerializer.Serialize(new Dictionary<T, int> { [id] = 1 }, ContractsJson.Options);
        map.ShouldBe($"{{\"{Text}\":1}}");
        JsonSerializer.Deserialize<Dictionary<T, int>>(map, ContractsJson.Options)!.Keys.ShouldBe([id]);
        foreach (var wrong in new[] { "5", "null", "{}", "\"\\ud800\"", "\"" + new string('a', 1000) + "\"" }) Should.Throw<JsonException>(
            () => JsonSerializer.Deserialize<T>(wrong, ContractsJson.Options));
    }

    [Theory]
    [InlineData(Text, 200)]
    [InlineData("6E16F6C3-DE6B-55C3-80BA-75907720BB8A", 200)]
    [InlineData("{" + Text + "}", 400)]
    [InlineData(" " + Text, 400)]
    [InlineData("0x16f6c3-de6b-55c3-80ba-75907720bb8a", 400)]
    [InlineData("6e16f6c3de6b55c380ba75907720bb8a", 400)]
    [InlineData("usr_" + Text, 400)]
    [InlineData("nonsense", 400)]
    public async Task Route_binds_each_typed_ID_and_returns_400_otherwise(string value, int status)
    {
        using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        foreach (var type in Types)
        {
            await (Task)typeof(TypedIdTests).GetMethod(nameof(Bind), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type)
                .Invoke(null, [services, value, status])!;
        }
    }

    private static async Task Bind<T>(IServiceProvider services, string value, int status) where T : struct, ITypedId<T>
    {
        var found = default(T);
        var endpoint = RequestDelegateFactory.Create(
            (T id) => { found = id; }, new RequestDelegateFactoryOptions { RouteParameterNames = ["id"] });
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.RouteValues["id"] = value;
        await endpoint.RequestDelegate(context);
        context.Response.StatusCode.ShouldBe(status, typeof(T).Name);
        found.Value.ShouldBe(status == 200 ? Guid.Parse(Text) : default, typeof(T).Name);
    }
}
