using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.OutputLimits;

/// <summary>Answers that reached their limit before they began.</summary>
public sealed class EmptyAnswerTests
{
    private CallRecord? _record;

    private static readonly ScriptedAnswer Empty = new()
    {
        Chunks = [],
        MoreContents = [new TextReasoningContent("Let me think about")],
        FinishReason = ChatFinishReason.Length,
        Usage = new UsageDetails
        {
            InputTokenCount = 100,
            OutputTokenCount = 300,
            ReasoningTokenCount = 300,
        },
    };

    [Theory]
    [InlineData(false, null, null, 600, null)] // the cap of the options is doubled
    [InlineData(true, null, null, 600, null)]
    [InlineData(false, 400, null, 400, null)] // never above what the caller asked for
    [InlineData(true, null, ReasoningEffort.High, 300, ReasoningEffort.Low)] // less reasoning is cheaper than a higher cap
    [InlineData(false, null, ReasoningEffort.Low, 300, ReasoningEffort.None)]
    [InlineData(false, null, ReasoningEffort.None, 600, ReasoningEffort.None)]
    [InlineData(false, 200, null, 200, ReasoningEffort.Low)] // the caller's own limit
    public async Task Empty_answer_is_asked_for_once_more(
        bool isStreaming,
        int? asked,
        ReasoningEffort? effort,
        int expectedCap,
        ReasoningEffort? expectedEffort
    )
    {
        using var provider = Then(Empty, new ScriptedAnswer());
        using var client = provider.WithCostControls(o => o.OutputLimits.MaxOutputTokens = 300);
        var options = new ChatOptions { MaxOutputTokens = asked };
        if (effort is not null)
        {
            options.Reasoning = new ReasoningOptions { Effort = effort, Output = ReasoningOutput.Summary };
        }

        var response = await AskAsync(client, isStreaming, options);

        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal((200, 320), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        Assert.DoesNotContain(response.Messages.SelectMany(m => m.Contents), content => content is TextReasoningContent);
        Assert.Equal(2, provider.Calls);
        Assert.Equal(expectedCap, provider.Requests.Last().Options!.MaxOutputTokens);
        Assert.Equal(expectedEffort, provider.Requests.Last().Options!.Reasoning?.Effort);
        Assert.Equal(effort, options.Reasoning?.Effort);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Both_requests_are_billed_and_the_empty_one_is_a_cost_of_the_limits(bool isStreaming)
    {
        using var client = Then(Empty, new ScriptedAnswer()).WithCostControls(o => o.OutputLimits.MaxOutputTokens = 300);

        await AskAsync(client, isStreaming);

        var record = _record!;

        Assert.Equal([CostStages.OutputLimits, CostStages.Provider], record.Attempts.Select(attempt => attempt.Stage));
        Assert.Equal(record.Attempts.Sum(attempt => attempt.Cost), record.ActualCost);
        Assert.Equal(record.Attempts[1].Cost, record.BaselineCost);
        Assert.Equal(-record.Attempts[0].Cost, record.SavingByStage.Single(part => part.Stage == CostStages.OutputLimits).Saving);
        Assert.Contains(record.Notes, note => note.Reason == "retried_empty");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_that_stays_empty_is_handed_over_and_not_cached(bool isStreaming)
    {
        using var provider = new ScriptedChatClient(Empty);
        using var client = provider.WithCostControls(o => o.OutputLimits.MaxOutputTokens = 300);

        var response = await AskAsync(client, isStreaming);
        await AskAsync(client, isStreaming);

        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Equal((200, 600), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        Assert.Equal(4, provider.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retry_that_fails_leaves_the_empty_answer(bool isStreaming)
    {
        using var provider = Then(Empty, ScriptedAnswer.Failing(new TimeoutException()));
        using var client = provider.WithCostControls(o => o.OutputLimits.MaxOutputTokens = 300);

        var response = await AskAsync(client, isStreaming);

        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Equal("Let me think about", response.Messages.SelectMany(m => m.Contents).OfType<TextReasoningContent>().Single().Text);
        Assert.Equal((100, 300), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        var record = _record!;
        Assert.Equal(record.Attempts[0].Cost, record.ActualCost);
        Assert.Equal(record.BaselineCost, record.ActualCost);
        Assert.Contains(record.Notes, note => note.Reason == "retry_failed");
    }

    [Fact]
    public async Task Limit_of_the_callers_own_is_kept_where_nothing_shows_that_reasoning_reached_it()
    {
        using var provider = new ScriptedChatClient(Empty with { MoreContents = [], Usage = null });
        using var client = provider.WithCostControls();

        await AskAsync(client, false, new ChatOptions { MaxOutputTokens = 50 });

        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Empty_answer_stays_where_retries_are_off()
    {
        using var provider = new ScriptedChatClient(Empty);
        using var client = provider.WithCostControls(o =>
        {
            o.OutputLimits.MaxOutputTokens = 300;
            o.OutputLimits.RetryEmptyAnswers = false;
        });

        await AskAsync(client, false);
        await AskAsync(client, true);

        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Learned_cap_that_reasoning_reached_is_taken_off_and_counts_as_a_cut()
    {
        var answer = new ScriptedAnswer();
        using var provider = new ScriptedChatClient((_, options) => options?.MaxOutputTokens is null ? answer : Empty);
        using var client = provider
            .AsBuilder()
            .UseOutputLimits(o =>
            {
                o.LearnCaps = true;
                o.LearnedCaps.MinSamples = 1;
            })
            .Build();
        await client.GetResponseAsync("q");

        var response = await client.GetResponseAsync("q");

        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal([null, 256, null], provider.Requests.Select(request => request.Options!.MaxOutputTokens));
        Assert.Equal(1, client.GetService<OutputLimitReport>()!.GetLearnedCaps().Single().AnswersCut);
    }

    /// <summary>Reasoning that the caller watches is not held back for a retry that only the caller's own limit could make necessary.</summary>
    [Fact]
    public async Task Reasoning_is_shown_as_it_comes_where_no_limit_was_put_on_the_call()
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(
            new ScriptedAnswer
            {
                Chunks = [],
                MoreContents = [new TextReasoningContent("Hm."), new TextContent("Yes.")],
                Gate = gate.Task,
            }
        );
        using var client = provider.AsBuilder().UseOutputLimits().Build();
        gate.SetResult();

        var updates = await client.GetStreamingResponseAsync("q", new ChatOptions { MaxOutputTokens = 50 }).ToListAsync();

        Assert.Equal("Hm.", ((TextReasoningContent)updates[0].Contents.Single()).Text);
        Assert.Equal(3, updates.Count);
    }

    private static ScriptedChatClient Then(ScriptedAnswer first, ScriptedAnswer second)
    {
        var calls = 0;
        return new ScriptedChatClient((_, _) => calls++ == 0 ? first : second);
    }

    private Task<ChatResponse> AskAsync(IChatClient client, bool isStreaming, ChatOptions? options = null)
    {
        options = (options ?? new ChatOptions()).WithCallRecord(record => _record = record);
        return isStreaming ? client.GetStreamingResponseAsync("q", options).ToChatResponseAsync() : client.GetResponseAsync("q", options);
    }
}
