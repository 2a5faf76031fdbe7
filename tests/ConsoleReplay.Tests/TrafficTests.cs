using ConsoleReplay.Banking;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class TrafficTests
{
    [Fact]
    public void Questions_cover_77_intents_and_each_intent_has_an_answer()
    {
        Assert.Equal(2_464, BankingData.Questions.Count);
        Assert.Equal(77, BankingData.Questions.Select(question => question.Intent).Distinct().Count());
        Assert.All(BankingData.Questions, question => Assert.True(BankingData.Answers.ContainsKey(question.Intent)));
        Assert.Equal(2_464, BankingData.Questions.Select(question => question.Text).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.DoesNotContain(BankingData.Questions, question => question.Text.StartsWith('"') && question.Text.EndsWith('"'));
    }

    [Fact]
    public void Build_same_seed_builds_the_same_traffic()
    {
        Assert.Equal(Texts(Build(seed: 1)), Texts(Build(seed: 1)));
        Assert.NotEqual(Texts(Build(seed: 1)), Texts(Build(seed: 2)));
    }

    [Fact]
    public void Build_greater_skew_repeats_more()
    {
        var even = Build(skew: 0).RepeatShare;
        var usual = Build(skew: 0.8).RepeatShare;
        var uneven = Build(skew: 1.5).RepeatShare;

        Assert.True(even < usual && usual < uneven, $"{even} < {usual} < {uneven}");
    }

    [Fact]
    public void Build_says_that_the_repetition_is_built_and_how()
    {
        var traffic = Build(skew: 0.8, seed: 7);

        var note = Assert.Single(traffic.Notes, note => note.Contains("Repetition", StringComparison.Ordinal));
        Assert.Contains("built", note, StringComparison.Ordinal);
        Assert.Contains("exponent 0.8", note, StringComparison.Ordinal);
        Assert.Contains("seed 7", note, StringComparison.Ordinal);
        Assert.Contains(traffic.Notes, other => other.Contains("CC BY 4.0", StringComparison.Ordinal));
    }

    [Fact]
    public void Build_fewer_questions_draws_from_no_more()
    {
        var traffic = BankingTraffic.Build(500, questions: 10, skew: 0.8, seed: 1, "gpt-4o", stream: false);

        Assert.Equal(10, Texts(traffic).Distinct().Count());
        Assert.Equal(1 - 10 / 500.0, traffic.RepeatShare, 10);
    }

    [Fact]
    public void Sampler_exponent_zero_draws_evenly()
    {
        var counts = Draw(new ZipfSampler(10, 0, new Random(1)), 10_000);

        Assert.All(counts, count => Assert.InRange(count, 850, 1_150));
    }

    [Fact]
    public void Sampler_exponent_one_draws_in_inverse_proportion_to_the_rank()
    {
        var counts = Draw(new ZipfSampler(10, 1, new Random(1)), 100_000);

        // The tenth harmonic number is 2.929.
        for (var rank = 0; rank < 10; rank++)
            Assert.InRange(counts[rank], 0.93 * 100_000 / 2.929 / (rank + 1), 1.07 * 100_000 / 2.929 / (rank + 1));
    }

    [Fact]
    public void RequestKey_differs_with_whatever_can_change_the_answer()
    {
        var keys = new HashSet<RequestKey>
        {
            Key(new ChatOptions()),
            Key(new ChatOptions { ModelId = "gpt-4o" }),
            Key(new ChatOptions { Temperature = 0 }),
            Key(new ChatOptions { MaxOutputTokens = 5 }),
            Key(new ChatOptions { StopSequences = ["a"] }),
            Key(new ChatOptions { ToolMode = ChatToolMode.None }),
            Key(new ChatOptions { ResponseFormat = ChatResponseFormat.Json }),
            Key(new ChatOptions { Seed = 1 }),
            Key(new ChatOptions(), new ChatMessage(ChatRole.System, "Hello")),
            Key(new ChatOptions(), new ChatMessage(ChatRole.User, [new TextContent("Hel"), new TextContent("lo")])),
            Key(new ChatOptions(), new ChatMessage(ChatRole.User, [new UriContent("https://example.com/a.png", "image/png")])),
        };

        Assert.Equal(11, keys.Count);
    }

    [Fact]
    public void RequestKey_ids_of_tool_calls_do_not_count()
    {
        static ChatMessage Call(string id) =>
            new(ChatRole.Assistant, [new FunctionCallContent(id, "f", new Dictionary<string, object?> { ["x"] = 1 })]);

        Assert.Equal(Key(new ChatOptions(), Call("a")), Key(new ChatOptions(), Call("b")));
    }

    private static RequestKey Key(ChatOptions options, ChatMessage? message = null) =>
        RequestKey.OfCall(new ReplayCall { Messages = [message ?? new ChatMessage(ChatRole.User, "Hello")], Options = options });

    private static ReplayTraffic Build(double skew = 0.8, int seed = 42) =>
        BankingTraffic.Build(2_000, int.MaxValue, skew, seed, "gpt-4o", stream: false);

    private static List<string> Texts(ReplayTraffic traffic) => [.. traffic.Calls.Select(call => call.Messages[^1].Text)];

    private static int[] Draw(ZipfSampler sampler, int times)
    {
        var counts = new int[10];
        for (var time = 0; time < times; time++)
            counts[sampler.Next()]++;
        return counts;
    }
}
