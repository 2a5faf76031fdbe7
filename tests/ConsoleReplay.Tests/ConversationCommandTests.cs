using ConsoleReplay.LongConversation;
using ConsoleReplay.Reporting;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class ConversationCommandTests
{
    [Theory]
    [InlineData(null, "Thank you for telling me.")]
    [InlineData("When are the otters fed?", "Then the oceanarium has to be")]
    [InlineData("Where is the key to the house?", "Booked, code MO-7718")]
    public async Task What_the_question_needs_is_kept_within_the_budget(string? question, string evidence)
    {
        await using var output = new StringWriter();
        string[] args = question is null ? ["--max-tokens", "600"] : ["--max-tokens", "600", "--question", question];

        var exitCode = await ConversationCommand.Create(ReplayConsole.CreatePlain(output)).Parse(args).InvokeAsync();

        Assert.Equal(0, exitCode);
        var kept = output.ToString();
        Assert.Contains("of 600 allowed", kept, StringComparison.Ordinal);
        Assert.Contains("left out", kept, StringComparison.Ordinal);
        var line = kept.Split('\n').Single(line => line.Contains(evidence, StringComparison.Ordinal));
        Assert.Contains("to the point", line, StringComparison.Ordinal);
    }
}
