using LlmThrift.Diagnostics;
using LlmThrift.TestKit;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.OutputLimits;

/// <summary>Brevity, reasoning effort and stop sequences.</summary>
public sealed class RequestShapingTests
{
    private const string Brevity = "Answer in one sentence.";

    /// <summary>The prefix that the provider's prompt cache knows ends, at the earliest, at the end of the last user message.</summary>
    [Fact]
    public async Task Brevity_instruction_comes_after_all_that_the_prompt_cache_knows()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.AsBuilder().UseOutputLimits(o => o.BrevityInstruction = Brevity).Build();
        ChatMessage[] messages =
        [
            new(ChatRole.System, "system"),
            new(ChatRole.User, "first"),
            new(ChatRole.Assistant, "answer"),
            new(ChatRole.User, "last"),
        ];

        await client.GetResponseAsync(messages);

        var sent = provider.Requests.Single().Messages;
        Assert.Equal(messages[..3], sent.Take(3));
        Assert.Equal("last\n\n" + Brevity, sent[3].Text);
        Assert.Equal("last", messages[3].Text);
    }

    [Theory]
    [InlineData("faq", "q\n\nTwo words.")]
    [InlineData("essay", "q")] // told nothing
    [InlineData("other", "q\n\n" + Brevity)]
    public async Task Brevity_instruction_is_that_of_the_feature(string feature, string expected)
    {
        using var provider = new ScriptedChatClient();
        using var client = provider
            .AsBuilder()
            .UseOutputLimits(o =>
            {
                o.BrevityInstruction = Brevity;
                o.Features["faq"] = new() { BrevityInstruction = "Two words." };
                o.Features["essay"] = new() { BrevityInstruction = "" };
            })
            .Build();

        await client.GetResponseAsync("q", new ChatOptions().WithFeature(feature));
        await client.GetStreamingResponseAsync("q", new ChatOptions().WithFeature(feature)).ToListAsync();

        Assert.All(provider.Requests, request => Assert.Equal(expected, request.Messages.Single().Text));
    }

    [Fact]
    public async Task Brevity_instruction_is_not_sent_with_requests_for_json()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.AsBuilder().UseOutputLimits(o => o.BrevityInstruction = Brevity).Build();

        await client.GetResponseAsync("q", new ChatOptions { ResponseFormat = ChatResponseFormat.Json });

        Assert.Equal("q", provider.Requests.Single().Messages.Single().Text);
    }

    [Fact]
    public async Task Tokens_of_the_brevity_instruction_are_a_cost_of_the_limits()
    {
        using var client = new ScriptedChatClient().WithCostControls(o => o.OutputLimits.BrevityInstruction = Brevity);

        var record = (await client.GetResponseAsync("q")).GetCallRecord()!;

        var tokens = RequestTokenCounter.Default.CountText("\n\n" + Brevity, "gpt-4o").Tokens;
        Assert.Equal(100 - tokens, record.BaselineUsage.InputTokens);
        var part = Assert.Single(record.SavingByStage);
        Assert.Equal(CostStages.OutputLimits, part.Stage);
        Assert.True(part.Saving < 0);
    }

    [Theory]
    [InlineData("faq", null, ReasoningEffort.Low)]
    [InlineData("other", null, ReasoningEffort.Medium)]
    [InlineData("faq", ReasoningEffort.High, ReasoningEffort.High)] // the caller knows better
    public async Task Reasoning_effort_is_that_of_the_feature_unless_the_call_says_it(
        string feature,
        ReasoningEffort? asked,
        ReasoningEffort expected
    )
    {
        using var provider = new ScriptedChatClient();
        using var client = provider
            .AsBuilder()
            .UseOutputLimits(o =>
            {
                o.ReasoningEffort = ReasoningEffort.Medium;
                o.Features["faq"] = new() { ReasoningEffort = ReasoningEffort.Low };
            })
            .Build();
        var options = new ChatOptions
        {
            Reasoning = new ReasoningOptions { Effort = asked, Output = ReasoningOutput.Full },
        };

        await client.GetResponseAsync("q", options.WithFeature(feature));

        var sent = provider.Requests.Single().Options!.Reasoning!;
        Assert.Equal((expected, ReasoningOutput.Full), (sent.Effort, sent.Output));
        Assert.Equal(asked, options.Reasoning.Effort);
    }

    [Fact]
    public async Task Stop_sequences_are_added_to_those_of_the_call()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider
            .AsBuilder()
            .UseOutputLimits(o =>
            {
                o.StopSequences.Add("###");
                o.Features["faq"] = new() { StopSequences = { "Q:" } };
            })
            .Build();
        var options = new ChatOptions { StopSequences = ["stop", "###"] }.WithFeature("faq");

        await client.GetResponseAsync("q", options);
        await client.GetResponseAsync("q");

        Assert.Equal(["stop", "###", "Q:"], provider.Requests.First().Options!.StopSequences);
        Assert.Equal(["###"], provider.Requests.Last().Options!.StopSequences);
        Assert.Equal(["stop", "###"], options.StopSequences);
    }

    [Fact]
    public void Bad_options_are_refused_with_every_problem_named()
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            new ScriptedChatClient()
                .AsBuilder()
                .UseOutputLimits(o =>
                {
                    o.MaxContinuations = 4;
                    o.ContinueInstruction = " ";
                    o.StopSequences.Add("");
                    o.Features["faq"] = new() { MaxOutputTokens = 0, StopSequences = { "" } };
                    o.Features["none"] = null!;
                    o.LearnedCaps.Quantile = 1;
                    o.LearnedCaps.Margin = double.NaN;
                    o.LearnedCaps.Floor = 0;
                    o.LearnedCaps.MinSamples = 0;
                    o.LearnedCaps.HalfLife = TimeSpan.Zero;
                    o.LearnedCaps.MaxShareCut = 0;
                })
                .Build()
        );

        Assert.Contains("12 bad values", exception.Message, StringComparison.Ordinal);
        Assert.Contains("LearnedCaps.Quantile is 1: it must be at least 0.5 and below 1", exception.Message, StringComparison.Ordinal);
    }
}
