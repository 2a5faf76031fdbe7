using LlmThrift.TestKit;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Architecture;

public sealed class PublicApiTests
{
    /// <summary>A change of the public surface is a decision: look at the difference, then copy the received file over the approved one.</summary>
    [Fact]
    public void Public_api_is_what_was_approved()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "LlmThrift.sln")))
        {
            folder = folder.Parent!;
        }

        var path = Path.Combine(folder.FullName, "tests", "LlmThrift.AspNetCore.Tests", "Architecture");
        var approved = Path.Combine(path, "PublicApi.approved.txt");
        var received = Path.Combine(path, "PublicApi.received.txt");
        var actual = PublicApiPrinter.Print(typeof(CostDashboardOptions).Assembly);
        if (File.Exists(approved) && File.ReadAllText(approved).ReplaceLineEndings("\n") == actual)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, actual);
        Assert.Fail($"The public API has changed. Compare {received} with {approved}, and copy it there if the change is meant.");
    }
}
