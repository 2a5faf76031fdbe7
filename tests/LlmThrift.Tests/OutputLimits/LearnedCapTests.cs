using LlmThrift.Diagnostics;
using LlmThrift.OutputLimits;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Tests.OutputLimits;

public sealed class LearnedCapTests
{
    /// <summary>1,000 tokens with a margin of 1.25; a quantile may be one bucket of 4 % too high.</summary>
    private const int AtLeast = 1_250;
    private const int AtMost = 1_300;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cap_learned_from_a_features_answers_limits_that_feature_only(bool isStreaming)
    {
        using var provider = new ScriptedChatClient(Answering(1_000));
        using var client = Learning(provider);
        await AskAsync(client, isStreaming, 10);

        await AskAsync(client, isStreaming, 1);
        await AskAsync(client, isStreaming, 1, "essay");

        Assert.All(provider.Requests.Take(10), request => Assert.Null(request.Options!.MaxOutputTokens));
        Assert.InRange(provider.Requests.ElementAt(10).Options!.MaxOutputTokens!.Value, AtLeast, AtMost);
        Assert.Null(provider.Requests.ElementAt(11).Options!.MaxOutputTokens);
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(1_250, 1_250)]
    public async Task Learned_cap_never_raises_what_was_asked_for(int asked, int expected)
    {
        using var provider = new ScriptedChatClient(Answering(1_000));
        using var client = Learning(provider);
        await AskAsync(client, false, 10);

        await client.GetResponseAsync("q", new ChatOptions { MaxOutputTokens = asked }.WithFeature("faq"));

        Assert.Equal(expected, provider.Requests.Last().Options!.MaxOutputTokens);
    }

    [Fact]
    public async Task Requests_for_json_and_requests_with_tools_are_not_cut_by_a_learned_cap_but_by_a_fixed_one()
    {
        using var provider = new ScriptedChatClient(Answering(1_000));
        using var client = Learning(provider, o => o.Features["faq"] = 5_000);
        await AskAsync(client, false, 10);
        ChatOptions[] structured =
        [
            new() { ResponseFormat = ChatResponseFormat.Json },
            new() { ResponseFormat = ChatResponseFormat.ForJsonSchema<int[]>() },
            new() { Tools = [AIFunctionFactory.Create(() => 1, "one")] },
        ];

        foreach (var options in structured)
        {
            await client.GetResponseAsync("q", options.WithFeature("faq"));
            Assert.Equal(5_000, provider.Requests.Last().Options!.MaxOutputTokens);
        }

        await AskAsync(client, false, 1);
        Assert.InRange(provider.Requests.Last().Options!.MaxOutputTokens!.Value, AtLeast, AtMost);
    }

    [Fact]
    public async Task Structured_failed_and_filtered_answers_teach_nothing()
    {
        var answer = Answering(1_000);
        using var provider = new ScriptedChatClient((_, _) => answer);
        using var client = Learning(provider);
        var tool = AIFunctionFactory.Create(() => 1, "one");

        await client.GetResponseAsync("q", new ChatOptions { ResponseFormat = ChatResponseFormat.Json }.WithFeature("faq"));
        await client.GetResponseAsync("q", new ChatOptions { Tools = [tool], ToolMode = ChatToolMode.RequireAny }.WithFeature("faq"));
        answer = answer with { MoreContents = [new FunctionCallContent("1", "one")] };
        await client.GetResponseAsync("q", new ChatOptions { Tools = [tool] }.WithFeature("faq"));
        answer = Answering(1_000) with { FinishReason = ChatFinishReason.ContentFilter };
        await AskAsync(client, true, 1);
        answer = ScriptedAnswer.Failing(new TimeoutException(), afterChunks: 2);
        await Assert.ThrowsAsync<TimeoutException>(() => AskAsync(client, true, 1));

        Assert.Equal(0, Report(client).Sum(cap => cap.Samples));
        answer = Answering(1_000);
        await AskAsync(client, true, 1);
        Assert.Equal(1, Report(client).Sum(cap => cap.Samples));
    }

    [Fact]
    public async Task Answers_from_the_cache_are_not_counted_again()
    {
        using var client = new ScriptedChatClient(Answering(1_000)).WithCostControls(o => o.OutputLimits.LearnCaps = true);

        await AskAsync(client, false, 5);

        Assert.Equal(1, Report(client).Single().Samples, 1e-6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Length_is_counted_where_the_provider_reports_none(bool isStreaming)
    {
        using var provider = new ScriptedChatClient(
            new ScriptedAnswer { Chunks = [.. Enumerable.Repeat(" thirty words", 100)], Usage = null }
        );
        using var client = Learning(provider, o => o.LearnedCaps.Floor = 1);

        await AskAsync(client, isStreaming, 10);

        Assert.InRange(Report(client).Single().Cap!.Value, 250, 260);
    }

    [Fact]
    public async Task Answers_that_a_learned_cap_cuts_are_counted_noted_and_raise_it()
    {
        var answer = Answering(1_000);
        using var provider = new ScriptedChatClient((_, _) => answer);
        using var client = Learning(provider, o => o.RetryEmptyAnswers = false);
        await AskAsync(client, false, 10);
        var before = Report(client).Single().Cap;

        answer = Answering(1_250) with { FinishReason = ChatFinishReason.Length };
        var record = (await client.GetResponseAsync("q", new ChatOptions().WithFeature("faq"))).GetCallRecord()!;

        Assert.Equal(["learned_cap", "cut"], record.Notes.Where(n => n.Stage == CostStages.OutputLimits).Select(n => n.Reason));
        var report = Report(client).Single();
        Assert.Equal(("faq", "gpt-4o", 1, 1), (report.Feature, report.Model, report.AnswersCapped, report.AnswersCut));
        Assert.Equal(1, report.ShareCut, 1e-9);
        Assert.True(report.Cap > 2 * before, $"The cap was {before} and is {report.Cap}.");
    }

    [Fact]
    public async Task What_was_learned_is_shared_by_the_clients_of_one_container()
    {
        using var provider = new ScriptedChatClient(Answering(1_000));
        var builder = provider.AsBuilder().UseOutputLimits(o => o.LearnCaps = true);
        await using var services = new ServiceCollection().BuildServiceProvider();
        await builder.Build(services).GetResponseAsync("q");
        await builder.Build(services).GetResponseAsync("q");

        Assert.Equal(2, Report(builder.Build(services)).Single().Samples, 1e-6);
    }

    private static ScriptedAnswer Answering(int tokens) =>
        new()
        {
            Usage = new UsageDetails { InputTokenCount = 100, OutputTokenCount = tokens },
        };

    private static IReadOnlyList<LearnedCap> Report(IChatClient client) => client.GetService<OutputLimitReport>()!.GetLearnedCaps();

    private static IChatClient Learning(ScriptedChatClient provider, Action<OutputLimitOptions>? configure = null) =>
        provider
            .AsBuilder()
            .UseCostMeter()
            .UseOutputLimits(o =>
            {
                o.LearnCaps = true;
                o.LearnedCaps.MinSamples = 10;
                configure?.Invoke(o);
            })
            .UseCostMeter()
            .Build(new FewServices().With<TimeProvider>(new ManualClock()));

    private static async Task AskAsync(IChatClient client, bool isStreaming, int times, string feature = "faq")
    {
        for (var index = 0; index < times; index++)
        {
            var options = new ChatOptions().WithFeature(feature);
            if (isStreaming)
            {
                await client.GetStreamingResponseAsync("q", options).ToListAsync();
            }
            else
            {
                await client.GetResponseAsync("q", options);
            }
        }
    }
}
