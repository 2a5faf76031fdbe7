using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.OutputLimits;

/// <summary>Texts that reached their limit, and are continued.</summary>
public sealed class ContinuationTests
{
    private CallRecord? _record;

    private static readonly ScriptedAnswer Begin = Part("Once upon ", "a ti", 100, 300, ChatFinishReason.Length);
    private static readonly ScriptedAnswer End = Part("me ", "they lived.", 420, 30, ChatFinishReason.Stop) with { ModelId = "gpt-4o-2" };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cut_text_is_continued_into_one_answer(bool isStreaming)
    {
        using var provider = Then(Begin, End);
        using var client = Continuing(provider);

        var response = await AskAsync(client, isStreaming);

        Assert.Equal("Once upon a time they lived.", response.Text);
        var message = Assert.Single(response.Messages);
        Assert.Equal("Once upon a time they lived.", Assert.IsType<TextContent>(message.Contents.Single(c => c is not UsageContent)).Text);
        Assert.Equal(("response-1", "gpt-4o-2"), (response.ResponseId, response.ModelId));
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal((520, 330), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));

        var sent = provider.Requests.Last();
        Assert.Equal([ChatRole.User, ChatRole.Assistant, ChatRole.User], sent.Messages.Select(m => m.Role));
        Assert.Equal(["q", "Once upon a ti", "Go on."], sent.Messages.Select(m => m.Text));
        Assert.Equal(300, sent.Options!.MaxOutputTokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Both_requests_are_billed_against_one_request_for_the_whole_answer(bool isStreaming)
    {
        using var client = Continuing(Then(Begin, End with { ModelId = "gpt-4o" }));

        await AskAsync(client, isStreaming);

        var record = _record!;

        Assert.Equal([CostStages.OutputLimits, CostStages.Provider], record.Attempts.Select(attempt => attempt.Stage));
        Assert.Equal((100, 330), (record.BaselineUsage.InputTokens, record.BaselineUsage.OutputTokens));
        Assert.Equal((520, 330), (record.BilledUsage.InputTokens, record.BilledUsage.OutputTokens));

        // What the continuation costs is that the request was sent twice.
        var price = LlmThrift.Pricing.PriceBook.Embedded.Find("gpt-4o", "openai", record.StartedAt)!;
        Assert.Equal(-420 * price.Input / 1_000_000m, record.Saving);
        Assert.Equal(record.Saving, record.SavingByStage.Single().Saving);
        Assert.Equal(CostStages.OutputLimits, record.SavingByStage.Single().Stage);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whole_answer_is_cached_with_what_one_request_would_have_cost(bool isStreaming)
    {
        using var provider = Then(Begin, End with { ModelId = "gpt-4o" });
        using var client = Continuing(provider);
        await AskAsync(client, isStreaming);

        var hit = await AskAsync(client, !isStreaming);

        Assert.Equal("Once upon a time they lived.", hit.Text);
        Assert.Equal(2, provider.Calls);
        var record = _record!;
        Assert.Equal(CostStages.ExactCache, record.ServedBy);
        Assert.Equal((100, 330), (record.BaselineUsage.InputTokens, record.BaselineUsage.OutputTokens));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_still_cut_after_the_last_continuation_says_so_and_is_not_cached(bool isStreaming)
    {
        using var provider = new ScriptedChatClient((messages, _) => Begin with { Chunks = [$"{messages.Count} "] });
        using var client = Continuing(provider, o => o.MaxContinuations = 3);

        var response = await AskAsync(client, isStreaming);
        await AskAsync(client, isStreaming);

        Assert.Equal("1 3 3 3 ", response.Text);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Equal((400, 1_200), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        Assert.Equal("1 3 3 ", provider.Requests.ElementAt(3).Messages[1].Text);
        Assert.Equal(8, provider.Calls);
        Assert.Equal(3, _record!.Notes.Count(note => note.Reason == "continued"));
        Assert.Equal(1, _record!.Notes.Count(note => note.Reason == "cut"));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    public async Task Continuation_that_fails_leaves_what_there_is(bool isStreaming, int afterChunks)
    {
        using var provider = Then(Begin, End with { Failure = new TimeoutException(), FailAfterChunks = afterChunks });
        using var client = Continuing(provider);

        var response = await AskAsync(client, isStreaming);

        Assert.Equal(afterChunks == 0 ? "Once upon a ti" : "Once upon a time ", response.Text);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        var record = _record!;
        Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
        Assert.Equal(record.Attempts.Sum(attempt => attempt.Cost), record.ActualCost);
        Assert.Equal(100, record.BaselineUsage.InputTokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Structured_answers_and_limits_of_the_callers_own_are_not_continued(bool isStreaming)
    {
        var answer = Begin;
        using var provider = new ScriptedChatClient((_, _) => answer);
        using var client = Continuing(provider);

        await AskAsync(client, isStreaming, new ChatOptions { ResponseFormat = ChatResponseFormat.Json });
        await AskAsync(client, isStreaming, new ChatOptions { MaxOutputTokens = 200 });
        await AskAsync(client, isStreaming, new ChatOptions { ConversationId = "c" });
        answer = Begin with { MoreContents = [new FunctionCallContent("1", "one")] };
        await AskAsync(client, isStreaming);

        Assert.Equal(4, provider.Calls);
    }

    [Fact]
    public async Task Continuation_stays_within_what_the_caller_asked_for()
    {
        using var provider = Then(Begin, End);
        using var client = Continuing(provider);

        await AskAsync(client, false, new ChatOptions { MaxOutputTokens = 350 });

        Assert.Equal([300, 50], provider.Requests.Select(request => request.Options!.MaxOutputTokens));
    }

    /// <summary>Else a loop that a learned cap ends would be continued without end.</summary>
    [Fact]
    public async Task Continuation_is_held_to_the_learned_cap_that_cut_the_text()
    {
        using var provider = new ScriptedChatClient((_, options) => options?.MaxOutputTokens is null ? End : Begin);
        using var client = provider
            .AsBuilder()
            .UseOutputLimits(o =>
            {
                o.LearnCaps = true;
                o.LearnedCaps.MinSamples = 1;
                o.ContinueCutAnswers = true;
            })
            .Build();
        await AskAsync(client, false);

        var response = await AskAsync(client, false);

        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Equal([null, 256, 256], provider.Requests.Select(request => request.Options!.MaxOutputTokens));
        var report = client.GetService<OutputLimitReport>()!.GetLearnedCaps().Single();
        Assert.Equal((1, 1), (report.AnswersCapped, report.AnswersCut));
    }

    [Fact]
    public async Task Cut_text_stays_cut_by_default()
    {
        using var provider = Then(Begin, End);
        using var client = provider.WithCostControls(o => o.OutputLimits.MaxOutputTokens = 300);

        var response = await AskAsync(client, true);

        Assert.Equal("Once upon a ti", response.Text);
        Assert.Contains(_record!.Notes, note => note.Reason == "cut");
    }

    private static ScriptedAnswer Part(string first, string second, int input, int output, ChatFinishReason end) =>
        new()
        {
            Chunks = [first, second],
            FinishReason = end,
            Usage = new UsageDetails { InputTokenCount = input, OutputTokenCount = output },
        };

    private static ScriptedChatClient Then(ScriptedAnswer first, ScriptedAnswer second)
    {
        var calls = 0;
        return new ScriptedChatClient((_, _) => calls++ == 0 ? first : second);
    }

    private static IChatClient Continuing(ScriptedChatClient provider, Action<OutputLimitOptions>? configure = null) =>
        provider.WithCostControls(o =>
        {
            o.OutputLimits.MaxOutputTokens = 300;
            o.OutputLimits.ContinueCutAnswers = true;
            o.OutputLimits.ContinueInstruction = "Go on.";
            configure?.Invoke(o.OutputLimits);
        });

    private Task<ChatResponse> AskAsync(IChatClient client, bool isStreaming, ChatOptions? options = null)
    {
        options = (options ?? new ChatOptions()).WithCallRecord(record => _record = record);
        return isStreaming ? client.GetStreamingResponseAsync("q", options).ToChatResponseAsync() : client.GetResponseAsync("q", options);
    }
}
