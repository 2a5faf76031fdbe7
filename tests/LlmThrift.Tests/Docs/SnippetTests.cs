using System.Text.RegularExpressions;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using LlmThrift.Tests.Architecture;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Tests.Docs;

public sealed class SnippetTests
{
    public static TheoryData<string> Pages()
    {
        var root = ArchitectureTests.RepositoryRoot();
        return
        [
            .. Directory
                .GetFiles(Path.Combine(root, "docs"), "*.md")
                .Append(Path.Combine(root, "README.md"))
                .Select(p => Path.GetRelativePath(root, p)),
        ];
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Code_of_a_page_is_code_that_compiles(string page)
    {
        var root = ArchitectureTests.RepositoryRoot();
        var compiled = string.Concat(
            Directory
                .GetDirectories(Path.Combine(root, "tests"))
                .Select(project => Path.Combine(project, "Docs", "Snippets.cs"))
                .Where(File.Exists)
                .Select(file => Normalise(File.ReadAllText(file)))
        );
        foreach (Match block in CSharpBlock().Matches(File.ReadAllText(Path.Combine(root, page)).ReplaceLineEndings("\n")))
        {
            Assert.Contains(Normalise(block.Groups["code"].Value), compiled, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_the_page_says_of_a_break_even_is_what_is_printed()
    {
        var page = File.ReadAllText(Path.Combine(ArchitectureTests.RepositoryRoot(), "docs", "local-backend.md"));

        var (machine, volume) = Snippets.LocalBreakEven(new ManualClock().GetUtcNow());

        Assert.Contains(machine, page, StringComparison.Ordinal);
        Assert.Contains(volume, page, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_of_a_page_lead_somewhere(string page)
    {
        var path = Path.Combine(ArchitectureTests.RepositoryRoot(), page);
        foreach (Match link in LocalLink().Matches(File.ReadAllText(path)))
        {
            Assert.True(
                File.Exists(Path.Combine(Path.GetDirectoryName(path)!, link.Groups["path"].Value)),
                $"{page} links to {link.Groups["path"].Value}."
            );
        }
    }

    [Fact]
    public async Task Code_of_the_pages_does_what_they_say()
    {
        var services = new ServiceCollection();
        Snippets.OneLine(services, new ScriptedChatClient());
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<IChatClient>();

        var first = await Snippets.Tags(client);
        var second = await Snippets.Tags(client);
        Snippets.Report(client);
        Snippets.WithoutServices(new ScriptedChatClient());
        Snippets.ByHand(new ScriptedChatClient().AsBuilder());
        await Snippets.Cache(client);

        Assert.Equal(("acme", "faq"), (first?.Tags.Tenant, first?.Tags.Feature));
        Assert.Equal(first?.ActualCost, second?.Saving);
        Assert.Equal(0.0222m, Snippets.Price(new ManualClock())?.Total);
        Assert.Equal(7, BytePairEncoding.O200kBase.CountTokens("How long until my card arrives?"));
        Assert.Equal(2, client.GetService<CostReport>()!.GetSummary().Total.Calls);
    }

    /// <summary>Lines without their indentation.</summary>
    private static string Normalise(string code) =>
        string.Join('\n', code.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static Regex CSharpBlock() =>
        new("```csharp\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    private static Regex LocalLink() => new(@"\]\((?!http|#)(?<path>[^)#\s]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
}
