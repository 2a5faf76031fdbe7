using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.SemanticCache;

public sealed class FeedbackTests
{
    private const string Question = "what are your opening hours";
    private const string Similar = "your opening hours what are";

    [Fact]
    public async Task Response_reported_as_wrong_is_not_served_again()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache();
        var asked = await client.AskAsync(Question);
        var hit = await client.AskAsync(Similar);

        Assert.False(asked.ReportWrongAnswer());
        Assert.True(hit.ReportWrongAnswer());
        Assert.False(hit.ReportWrongAnswer());
        Assert.Equal(1, client.Manager().GetStatistics().ReportedWrong);
        Assert.Equal(0, client.Manager().GetStatistics().Entries);

        await client.AskAsync(Similar);
        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Stream_reported_as_wrong_by_its_last_update_is_not_served_again()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache();
        await client.AskAsync(Question);
        var updates = await client.GetStreamingResponseAsync(Similar).ToListAsync();

        Assert.False(updates[0].ReportWrongAnswer());
        Assert.True(updates[^1].ReportWrongAnswer());

        await client.AskAsync(Similar);
        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Hit_is_reported_by_its_id_and_an_unknown_one_is_not_known()
    {
        using var client = ScriptedChatClient.Echo().WithSemanticCache();
        await client.AskAsync(Question);
        CallRecord? record = null;
        await client.AskAsync(Similar, new ChatOptions().WithCallRecord(r => record = r));

        Assert.False(client.Manager().ReportWrongAnswer(0));
        Assert.False(client.Manager().ReportWrongAnswer(-1));
        Assert.False(client.Manager().ReportWrongAnswer(record!.SemanticMatch!.HitId + 1));
        Assert.True(client.Manager().ReportWrongAnswer(record.SemanticMatch.HitId));
        Assert.False(client.Manager().ReportWrongAnswer(record.SemanticMatch.HitId));
    }

    [Fact]
    public async Task Response_of_a_pipeline_without_a_meter_can_be_reported_too()
    {
        using var client = new ScriptedChatClient()
            .AsBuilder()
            .UseSemanticCache(new FakeEmbeddingGenerator(), SemanticClients.Steady)
            .Build(new FewServices());
        await client.AskAsync(Question);

        Assert.True((await client.AskAsync(Similar)).ReportWrongAnswer());
    }

    [Fact]
    public async Task Policy_is_told_what_came_of_its_decisions()
    {
        var policy = new ThresholdPolicy();
        using var provider = new ScriptedChatClient(
            (messages, _) => ScriptedAnswer.Saying(messages[^1].Text.StartsWith("no", StringComparison.Ordinal) ? "no" : "yes")
        );
        using var client = provider.WithSemanticCache(
            new FakeEmbeddingGenerator { Script = text => text.EndsWith('x') ? [1, 0] : [0.8f, 0.6f] },
            o => o.Policy = policy
        );
        static ChatOptions Shadow() => new ChatOptions().WithSemanticCache(SemanticCacheMode.Shadow);

        await client.AskAsync("yes x"); // nothing to compare with
        await client.AskAsync("no y"); // another answer
        await client.AskAsync("yes z", Shadow()); // would have been served "no"
        await client.AskAsync("yes again x", Shadow()); // would have been served "yes"
        (await client.AskAsync("maybe x")).ReportWrongAnswer();

        Assert.Equal(
            [
                (ServingChoice.Explore, null, ""),
                (ServingChoice.Explore, false, "False"),
                (ServingChoice.Serve, false, "False True"),
                (ServingChoice.Serve, true, "True"),
            ],
            policy.Lessons.Select(lesson => (lesson.WouldHave, lesson.WasRight, string.Join(' ', lesson.Verdicts)))
        );
        Assert.Single(policy.Wrong);
        Assert.Equal(2, client.Manager().GetStatistics().Answers);
    }

    [Fact]
    public void Hits_are_remembered_up_to_a_limit()
    {
        var log = new HitLog(100);
        var entry = new SemanticEntry(1, new SemanticScope("s", 2), "q", [1, 0], null!) { CreatedAt = default, ExpiresAt = default };
        var ids = Enumerable.Range(0, 250).Select(_ => log.Add(entry, default)).ToList();

        Assert.False(log.TryTake(ids[149], out _, out _));
        Assert.True(log.TryTake(ids[150], out _, out _));
        Assert.True(log.TryTake(ids[249], out _, out _));
        Assert.Equal(250, log.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Shadow_mode_always_calls_and_counts_what_would_have_been_wrong(bool isStreaming)
    {
        using var provider = new ScriptedChatClient(
            (messages, _) => ScriptedAnswer.Saying(messages[^1].Text.StartsWith("other", StringComparison.Ordinal) ? "no" : "yes")
        );
        using var client = provider.WithSemanticCache(
            new FakeEmbeddingGenerator { Script = _ => [1, 0] },
            o => o.Mode = SemanticCacheMode.Shadow
        );
        CallRecord? record = null;

        await client.AskAsync("first", isStreaming: isStreaming);
        for (var i = 0; i < 9; i++)
        {
            await client.AskAsync($"one {i}", new ChatOptions().WithCallRecord(r => record = r), isStreaming);
        }

        await client.AskAsync("other", isStreaming: isStreaming);

        Assert.Equal(11, provider.Calls);
        Assert.Null(record!.ServedBy);
        Assert.Contains(record.Notes, note => note.Reason == "shadow_hit");
        var report = client.Manager().GetShadowReport();
        Assert.Equal((10L, 10L, 1L, 0.1), (report.WouldBeHits, report.Compared, report.Wrong, report.ErrorRate!.Value));
        Assert.Equal(0.0025, report.LowerBound, 0.0001);
        Assert.Equal(0.4450, report.UpperBound, 0.0001);
        Assert.Equal(0, client.Manager().GetStatistics().Hits);
    }

    [Fact]
    public async Task Single_call_in_shadow_mode_is_not_served_even_when_it_shares_with_calls_that_are()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(configureAll: o => o.UseExactCache = false);
        await client.AskAsync(Question);

        await Task.WhenAll(
            client.AskAsync(Similar),
            client.AskAsync(Similar, new ChatOptions().WithSemanticCache(SemanticCacheMode.Shadow))
        );

        Assert.Equal(2, provider.Calls);
        Assert.Equal((1L, 1L, 0L), Counts(client.Manager().GetShadowReport()));
    }

    [Fact]
    public void Report_of_nothing_says_that_nothing_is_known()
    {
        using var client = new ScriptedChatClient().WithSemanticCache();
        var report = client.Manager().GetShadowReport();

        Assert.Equal((0L, 0L, 0L), Counts(report));
        Assert.Null(report.ErrorRate);
        Assert.Equal((0.0, 1.0), (report.LowerBound, report.UpperBound));
    }

    private static (long Hits, long Compared, long Wrong) Counts(SemanticShadowReport report) =>
        (report.WouldBeHits, report.Compared, report.Wrong);
}
