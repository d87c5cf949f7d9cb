using System.Reflection;
using System.Text.RegularExpressions;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Services.Tests;

public sealed partial class EventNameTests
{
    [Fact]
    public void Message_type_is_its_context_and_the_name_of_its_contract()
    {
        foreach (
            var message in typeof(IEventData).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IEventData))))
        {
            var type = (string)message.GetProperty("Type", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
            type.ShouldMatch($"^(users|orders|inventory|payments|notifications|recommendations)\\.{Kebab(message.Name)}$");
        }
    }

    private static string Kebab(string name) => Capital().Replace(name, "-$1").TrimStart('-').ToLowerInvariant();

    [GeneratedRegex("([A-Z])")]
    private static partial Regex Capital();
}
