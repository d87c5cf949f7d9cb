namespace ForgeShop.Forge.Tests;

/// <summary>
/// A change of Forge's public API changes Api/PublicApi.approved.txt in the same commit.
/// After an intended change, copy the file that the failure names over the approved one.
/// </summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Public_API_equals_the_approved_one()
    {
        var actual = PublicApi.Describe(typeof(ForgeDomain).Assembly);
        var approvedFile = Path.Combine(Repository.Root, "tests", "Forge.Tests", "Api", "PublicApi.approved.txt");
        var approved = File.Exists(approvedFile) ? File.ReadAllText(approvedFile).ReplaceLineEndings("\n") : "";
        if (actual == approved) return;

        var received = Path.Combine(AppContext.BaseDirectory, "PublicApi.received.txt");
        File.WriteAllText(received, actual);
        var (before, after) = (approved.Split('\n'), actual.Split('\n'));
        Assert.Fail($"Not approved: {received}\n"
            + string.Join('\n', before.Except(after).Select(line => "- " + line).Concat(after.Except(before).Select(line => "+ " + line))));
    }
}
