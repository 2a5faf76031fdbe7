using System.CommandLine;
using ConsoleReplay.Cli;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class ReplayCommandTests
{
    [Fact]
    public async Task Parse_no_options_takes_the_defaults()
    {
        Assert.Equal(new ReplaySettings(), await ParseAsync(""));
    }

    [Fact]
    public async Task Parse_all_options_are_taken()
    {
        var settings = await ParseAsync(
            "--model gpt-4o-mini --calls 10 --questions 5 --skew 1.1 --seed 7 --stream --speed 50 --concurrency 3 --assume-output 90 "
                + "--calls-per-month 5000 --live --provider anthropic --limit 4 --yes"
        );

        Assert.Equal(
            new ReplaySettings
            {
                ModelId = "gpt-4o-mini",
                Calls = 10,
                Questions = 5,
                Skew = 1.1,
                Seed = 7,
                Stream = true,
                Speed = 50,
                Concurrency = 3,
                AssumedOutputTokens = 90,
                CallsPerMonth = 5_000,
                Live = true,
                Provider = "anthropic",
                Limit = 4,
                Yes = true,
            },
            settings
        );
    }

    [Theory]
    [InlineData("--calls 0", "--calls is '0': it must be 1 to")]
    [InlineData("--calls many", "--calls")]
    [InlineData("--skew -1", "--skew is '-1': it must be 0 to 3")]
    [InlineData("--speed 0", "--speed is '0': it must be more than 0")]
    [InlineData("--limit 0", "--limit is '0': it must be at least 1")]
    [InlineData("--provider other", "other")]
    [InlineData("--file no-such-file.jsonl", "there is no such file")]
    [InlineData("--unknown", "--unknown")]
    public void Parse_wrong_option_is_told(string commandLine, string expected)
    {
        var parsed = ReplayCommand.Create((_, _) => Task.FromResult(0)).Parse(commandLine);

        Assert.Contains(parsed.Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Parse_semantic_is_taken()
    {
        Assert.True((await ParseAsync("--semantic --calls 10"))!.Semantic);
    }

    [Theory]
    [InlineData("--semantic --live")]
    [InlineData("--semantic --file ReplayCommandTests.jsonl")]
    public void Parse_semantic_without_known_answers_is_refused(string commandLine)
    {
        var parsed = ReplayCommand.Create((_, _) => Task.FromResult(0)).Parse(commandLine);

        Assert.Contains(parsed.Errors, error => error.Message.Contains("known which answer is right", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_has_examples_and_exit_codes()
    {
        using var output = new StringWriter();

        await ReplayCommand
            .Create((_, _) => Task.FromResult(0))
            .Parse("--help")
            .InvokeAsync(new InvocationConfiguration { Output = output });

        var help = output.ToString();
        Assert.Contains("--file traffic.jsonl", help, StringComparison.Ordinal);
        Assert.Contains("OPENAI_BASE_URL=http://localhost:11434/v1", help, StringComparison.Ordinal);
        Assert.Contains("Exit codes: 0 replayed", help, StringComparison.Ordinal);
    }

    private static async Task<ReplaySettings?> ParseAsync(string commandLine)
    {
        ReplaySettings? taken = null;
        var parsed = ReplayCommand
            .Create(
                (settings, _) =>
                {
                    taken = settings;
                    return Task.FromResult(0);
                }
            )
            .Parse(commandLine);
        Assert.Empty(parsed.Errors);
        await parsed.InvokeAsync();
        return taken;
    }
}
