using System.Collections.Concurrent;
using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using LlmThrift.Tests.SemanticCache;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Metering;

/// <summary>For any sequence of hits, misses, failures, cancellations and streams, the parts add up to the whole, to the last decimal.</summary>
public sealed class SavingsAddUpProperties
{
    /// <summary>One call of a sequence: what is asked, how, and what becomes of it.</summary>
    private sealed record Step(int Question, bool IsStreaming, int Fate, int Model, int Usage, bool AtOnceWithNext);

    private int _trimmed;
    private int _summarized;

    private static readonly string[] Models = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "no-such-model"];

    private static readonly Gen<Step> Steps =
        from question in Gen.Choose(0, 4)
        from streaming in Gen.Elements(true, false)
        from fate in Gen.Choose(0, 9)
        from model in Gen.Choose(0, 3)
        from usage in Gen.Choose(0, 4)
        from atOnce in Gen.Elements(true, false)
        select new Step(question, streaming, fate, model, usage, atOnce);

    [Fact]
    public void Parts_of_savings_add_up_to_the_whole_for_any_sequence_of_calls()
    {
        Prop.ForAll(
                Steps.ListOf(12).ToArbitrary(),
                steps =>
                {
                    var (records, summary, providerCost) = Task.Run(() => RunAsync([.. steps])).GetAwaiter().GetResult();
                    Assert.Equal(steps.Count, records.Count(r => !r.IsUpkeep));
                    foreach (var record in records)
                    {
                        Assert.Equal(record.BaselineCost - record.ActualCost, record.Saving);
                        Assert.Equal(record.Saving ?? 0m, record.SavingByStage.Sum(part => part.Saving));
                        Assert.Equal(record.SavingByStage.Count, record.SavingByStage.Select(part => part.Stage).Distinct().Count());
                        Assert.Equal(
                            record.Attempts.All(a => a.Cost is not null) ? record.Attempts.Sum(a => a.Cost!.Value) : null,
                            record.ActualCost
                        );
                    }

                    var priced = records.Where(r => r.Saving is not null).ToList();
                    Assert.Equal(priced.Sum(r => r.Saving!.Value), summary.Saving);
                    Assert.Equal(summary.Saving, summary.SavingByStage.Values.Sum());
                    Assert.Equal(summary.BaselineCost - summary.ActualCost, summary.Saving);
                    Assert.Equal(records.Count - priced.Count, summary.UnpricedCalls);
                    Assert.Equal(steps.Count, summary.Calls);

                    // Nothing is lost and nothing is billed twice: the attempts in the records are the requests that the provider saw.
                    Assert.Equal(providerCost, records.Sum(r => r.Attempts.Count));
                    Assert.All(records.Where(r => r.IsUpkeep), r => Assert.Equal(0m, r.BaselineCost));
                    return true;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(150));
        Assert.True(_trimmed > 100, $"{_trimmed} calls were trimmed");
        Assert.True(_summarized > 20, $"{_summarized} summaries");
    }

    private async Task<(List<CallRecord> Records, CostTotals Summary, int Requests)> RunAsync(Step[] steps)
    {
        var records = new ConcurrentQueue<CallRecord>();
        using var provider = new ScriptedChatClient(
            (messages, _) =>
            {
                var asked = messages.Last(message => message.Text.StartsWith("question", StringComparison.Ordinal));
                return Answer(int.Parse(asked.Text.Split(' ', '\n')[1], null), isContinuation: asked != messages[^1]);
            }
        );

        // A third of the questions mean the same to the embedder, which has a price, as has the judge.
        var embedder = new FakeEmbeddingGenerator
        {
            Metadata = new("openai", null, "text-embedding-3-small"),
            Script = text => text[^1] % 3 == 0 ? [1, 0] : [0, text[^1]],
            TokensPerCall = 7,
        };
        using var judge = new ScriptedChatClient(
            (messages, _) => ScriptedAnswer.Saying(messages[1].Text.Length % 2 == 0 ? "SAME" : "DIFFERENT")
        );
        using var summarizer = new ScriptedChatClient(
            (messages, _) =>
                (messages[1].Text.Length % 3) switch
                {
                    0 => ScriptedAnswer.Failing(new TimeoutException()),
                    _ => ScriptedAnswer.Saying("Notes."),
                }
        );
        using var client = provider.WithCostControls(o =>
        {
            o.ExactCache.MaxEntries = 3;
            o.UseContextTrimming = true;
            o.ContextTrimming.MaxTokens = 500;
            o.ContextTrimming.EmbeddingGenerator = embedder;
            o.ContextTrimming.EmbeddingTimeout = TimeSpan.FromSeconds(30);
            o.ContextTrimming.Summary.Client = summarizer;
            o.ContextTrimming.Summary.MaxTokens = 50;
            o.ContextTrimming.Summary.Timeout = TimeSpan.FromSeconds(30);
            o.OutputLimits.MaxOutputTokens = 1_000;
            o.OutputLimits.LearnCaps = true;
            o.OutputLimits.LearnedCaps.MinSamples = 2;
            o.OutputLimits.ContinueCutAnswers = true;
            o.OutputLimits.MaxContinuations = 2;
            o.OutputLimits.Features["f0"] = new() { BrevityInstruction = "Be brief." };
            o.UseSemanticCache = true;
            o.SemanticCache.EmbeddingGenerator = embedder;
            o.SemanticCache.EmbeddingTimeout = TimeSpan.FromSeconds(30);
            o.SemanticCache.Policy = new ThresholdPolicy();
            o.SemanticCache.AnswerComparer = AnswerComparers.ByJudge(judge);
            o.Metering.Sinks.Add(new Collector(records));
        });
        var pending = new List<Task>();
        foreach (var step in steps)
        {
            pending.Add(AskAsync(client, step));
            if (!step.AtOnceWithNext)
            {
                await Task.WhenAll(pending);
                pending.Clear();
            }
        }

        await Task.WhenAll(pending);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (records.Count(r => !r.IsUpkeep) < steps.Length)
        {
            await Task.Delay(1, timeout.Token);
        }

        // What a cancelled call did not wait for is billed when it ends.
        await client.GetService<SemanticCacheManager>()!.WhenIdleAsync();
        var requests = provider.Calls + embedder.Calls + judge.Calls + summarizer.Calls;
        while (records.Sum(r => r.Attempts.Count) < requests)
        {
            await Task.Delay(1, timeout.Token);
            requests = provider.Calls + embedder.Calls + judge.Calls + summarizer.Calls;
        }

        _trimmed += records.Sum(r => r.SavingByStage.Count(part => part is { Stage: "context_trimming", Saving: > 0 }));
        _summarized += summarizer.Calls;
        return ([.. records], client.GetService<CostReport>()!.GetSummary().Total, requests);
    }

    private static async Task AskAsync(IChatClient client, Step step)
    {
        using var source = new CancellationTokenSource();
        var options = new ChatOptions { ModelId = Models[step.Model] }.WithFeature($"f{step.Question}");
        var question = $"question {(step.Fate * 100) + (step.Usage * 10) + step.Question}";

        // Two of five questions end a conversation that is too long.
        ChatMessage[] messages =
        [
            .. Enumerable
                .Range(0, step.Question < 3 ? 0 : 20)
                .Select(i => new ChatMessage(
                    i % 2 == 0 ? ChatRole.User : ChatRole.Assistant,
                    $"Note {i}: {string.Join(' ', Enumerable.Repeat("chain", 30))}"
                )),
            new(ChatRole.User, question),
        ];
        try
        {
            if (!step.IsStreaming)
            {
                var asking = client.GetResponseAsync(messages, options, source.Token);
                if (step.Fate == 4)
                {
                    await source.CancelAsync();
                }

                await asking;
                return;
            }

            var updates = 0;
            await foreach (var _ in client.GetStreamingResponseAsync(messages, options, source.Token))
            {
                updates++;
                if (updates == 2 && step.Fate == 5)
                {
                    break;
                }

                if (updates == 2 && step.Fate == 4)
                {
                    await source.CancelAsync();
                }
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // What the sequence asked for.
        }
    }

    private sealed class Collector(ConcurrentQueue<CallRecord> records) : ICallRecordSink
    {
        public void Record(CallRecord record) => records.Enqueue(record);
    }

    /// <summary>Fate 3 is cut for good, 8 is cut and its continuation fails, 9 is empty for its reasoning, however often it is asked.</summary>
    private static ScriptedAnswer Answer(int question, bool isContinuation)
    {
        var fate = question / 100;
        var usage = question / 10 % 10;
        return new ScriptedAnswer
        {
            ModelId = "answered-by-" + (fate % 2),
            Chunks = fate == 9 ? [] : new ScriptedAnswer().Chunks,
            MoreContents = fate == 9 ? [new TextReasoningContent("Hm.")] : [],
            Failure = fate is 1 or 2 || (fate == 8 && isContinuation) ? new TimeoutException() : null,
            FailAfterChunks = fate == 2 ? 2 : 0,
            FinishReason = fate is 3 or 8 or 9 ? ChatFinishReason.Length : ChatFinishReason.Stop,
            Usage = usage switch
            {
                0 => null,
                1 => new UsageDetails
                {
                    InputTokenCount = 1_000,
                    OutputTokenCount = 333,
                    CachedInputTokenCount = 700,
                },
                2 => new UsageDetails
                {
                    InputTokenCount = 5_001,
                    OutputTokenCount = 7,
                    AdditionalCounts = new() { ["CacheCreationInputTokens"] = 3_000 },
                },
                3 => new UsageDetails { OutputTokenCount = 12 },
                _ => new UsageDetails
                {
                    InputTokenCount = 17,
                    OutputTokenCount = 19,
                    ReasoningTokenCount = 11,
                },
            },
        };
    }
}
