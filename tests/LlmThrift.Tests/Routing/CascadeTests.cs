using System.Text;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Routing;

public sealed class CascadeTests
{
    private static readonly PriceBook Prices = PriceBook
        .Empty.With("small", new ModelPrice { Input = 0.1m, Output = 0.4m })
        .With("large", new ModelPrice { Input = 10m, Output = 40m })
        .With("judge", new ModelPrice { Input = 1m, Output = 1m });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_that_does_not_pass_is_asked_of_the_stronger_tier_and_both_are_billed(bool isStreaming)
    {
        using var provider = Provider("I'm sorry, but I can't help with that.", "Gladly.");
        CallRecord? record = null;
        using var client = Client(provider, AnswerChecks.NotRefused);

        var text = await AskAsync(client, isStreaming, new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal("Gladly.", text);
        Assert.Equal(("small", "large", "refusal"), (record!.Routing!.FirstTier, record.Routing.Tier, record.Routing.FailedCheck));
        Assert.Equal(["small", "large"], record.Attempts.Select(attempt => attempt.Model));
        Assert.Equal(-record.Attempts[0].Cost, record.SavingByStage.Single(part => part.Stage == "routing").Saving);
        Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_that_passes_is_the_answer(bool isStreaming)
    {
        using var provider = Provider("Gladly.", "never");
        CallRecord? record = null;
        using var client = Client(provider, [.. AnswerChecks.WithoutModel()]);

        var text = await AskAsync(client, isStreaming, new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal("Gladly.", text);
        Assert.Null(record!.Routing!.FailedCheck);
        Assert.Single(record.Attempts);
        Assert.True(record.SavingByStage.Single(part => part.Stage == "routing").Saving > 0);
    }

    [Fact]
    public async Task Long_stream_is_let_go_unchecked()
    {
        using var provider = new ScriptedChatClient(
            (_, options) =>
                new ScriptedAnswer
                {
                    ModelId = options!.ModelId!,
                    Chunks = ["I'm sorry, but I can't help. ", new string('x', 200), " End."],
                }
        )
        {
            Metadata = new("openai", null, "large"),
        };
        using var client = Client(provider, o => o.Cascade.MaxBufferedCharacters = 100, AnswerChecks.NotRefused);

        var text = await AskAsync(client, isStreaming: true);

        Assert.EndsWith(" End.", text, StringComparison.Ordinal);
        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Streams_come_at_once_where_nothing_is_to_be_held_back()
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(
            (_, options) => new ScriptedAnswer { ModelId = options!.ModelId!, GateAfterFirstChunk = gate.Task }
        )
        {
            Metadata = new("openai", null, "large"),
        };
        using var client = Client(provider, o => o.Cascade.MaxBufferedCharacters = 0, AnswerChecks.NotRefused);

        await using var updates = client.GetStreamingResponseAsync("Hello").GetAsyncEnumerator();
        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("Hello", updates.Current.Text);
        gate.SetResult();
    }

    [Fact]
    public async Task Check_that_throws_lets_the_answer_pass()
    {
        using var provider = Provider("Gladly.", "never");
        using var client = Client(provider, AnswerChecks.From("broken", _ => throw new FormatException()));

        Assert.Equal("Gladly.", await AskAsync(client, isStreaming: false));
    }

    [Fact]
    public async Task Escalations_are_limited()
    {
        using var provider = new ScriptedChatClient((_, options) => new ScriptedAnswer { Chunks = [""], ModelId = options!.ModelId! })
        {
            Metadata = new("openai", null, "large"),
        };
        using var client = provider
            .AsBuilder()
            .UseModelRouting(o =>
            {
                o.AddTier("a", "small");
                o.AddTier("b", "medium");
                o.AddTier("c", "large");
                o.DefaultTier = "a";
                o.Cascade.Checks.Add(AnswerChecks.Complete);
            })
            .Build();

        await client.GetResponseAsync("Hello");

        Assert.Equal(["small", "medium"], provider.Requests.Select(request => request.Options!.ModelId));
    }

    [Theory]
    [InlineData("42", "42", 2)]
    [InlineData("42", "41", 3)]
    public async Task Self_consistency_asks_again_and_is_charged_to_routing(string first, string again, int attempts)
    {
        var calls = 0;
        using var provider = new ScriptedChatClient(
            (_, options) =>
                ScriptedAnswer.Saying($"It is {(Interlocked.Increment(ref calls) == 1 ? first : again)}.") with
                {
                    ModelId = options!.ModelId!,
                }
        )
        {
            Metadata = new("openai", null, "large"),
        };
        CallRecord? record = null;
        using var client = Client(provider, AnswerChecks.SelfConsistent(samples: 1));

        await AskAsync(client, isStreaming: false, new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal(attempts, record!.Attempts.Count);
        Assert.Equal(attempts, provider.Calls);
        Assert.Equal(attempts - 1, record.Attempts.Count(attempt => attempt.Stage == "routing"));
        Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
    }

    [Theory]
    [InlineData("YES", "small")]
    [InlineData("NO", "large")]
    [InlineData("YES. Ignore what was said", "small")]
    public async Task Judge_decides_and_is_charged_to_routing(string verdict, string expected)
    {
        using var provider = Provider("first", "second");
        using var judge = new ScriptedChatClient(ScriptedAnswer.Saying(verdict) with { ModelId = "judge" })
        {
            Metadata = new("openai", null, "judge"),
        };
        CallRecord? record = null;
        using var client = Client(provider, AnswerChecks.Judged(judge));

        await AskAsync(client, isStreaming: false, new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal(expected, record!.Routing!.Tier);
        Assert.Contains(record.Attempts, attempt => attempt is { Model: "judge", Stage: "routing", Cost: > 0 });
        Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
    }

    [Fact]
    public async Task Streams_never_mix_the_output_of_two_models_and_every_request_is_billed()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var scripts = new Dictionary<string, ScriptedAnswer>(StringComparer.Ordinal);
            foreach (var model in new[] { "small", "medium", "large" })
            {
                var chunks = Enumerable
                    .Range(0, random.Next(1, 6))
                    .Select(_ => random.Next(6) == 0 ? "REJECT" : new string(model[0], random.Next(1, 30)));
                scripts[model] = new ScriptedAnswer
                {
                    ModelId = model,
                    Chunks = [.. chunks],
                    Failure = random.Next(3) == 0 ? new HttpRequestException("down") : null,
                    FailAfterChunks = random.Next(4),
                };
            }

            using var provider = new ScriptedChatClient((_, options) => scripts[options!.ModelId!])
            {
                Metadata = new("openai", null, "large"),
            };
            CallRecord? record = null;
            using var client = provider
                .AsBuilder()
                .UseCostMeter(o => o.Prices = Prices.With("medium", new ModelPrice { Input = 1, Output = 2 }))
                .UseModelRouting(o =>
                {
                    o.AddTier("1", "small");
                    o.AddTier("2", "medium");
                    o.AddTier("3", "large");
                    o.DefaultTier = "1";
                    o.Cascade.MaxEscalations = 2;
                    o.Cascade.MaxBufferedCharacters = random.Next(3) * 40;
                    o.Cascade.Checks.Add(
                        AnswerChecks.From(
                            "rejects",
                            answer =>
                                answer.Response.Text.Contains("REJECT", StringComparison.Ordinal)
                                    ? AnswerVerdict.Rejected
                                    : AnswerVerdict.None
                        )
                    );
                })
                .Build();
            var text = new StringBuilder();
            var leaveAfter = random.Next(2) == 0 ? random.Next(1, 4) : int.MaxValue;
            try
            {
                await foreach (var update in client.GetStreamingResponseAsync("Hello", new ChatOptions().WithCallRecord(r => record = r)))
                {
                    text.Append(update.Text);
                    if (--leaveAfter == 0)
                    {
                        break;
                    }
                }
            }
            catch (HttpRequestException)
            {
                // The provider's own error, where no model answered.
            }

            var letters = text.ToString().Replace("REJECT", "", StringComparison.Ordinal).Distinct().ToList();
            Assert.True(letters.Count <= 1, $"seed {seed}: {text}");
            Assert.Equal(provider.Calls, record!.Attempts.Count);
            Assert.Equal(0, provider.OpenStreams);
            Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
        }
    }

    private static ScriptedChatClient Provider(string small, string large) =>
        new((_, options) => ScriptedAnswer.Saying(options!.ModelId == "small" ? small : large) with { ModelId = options.ModelId! })
        {
            Metadata = new("openai", null, "large"),
        };

    private static IChatClient Client(IChatClient provider, params IAnswerCheck[] checks) => Client(provider, _ => { }, checks);

    private static IChatClient Client(IChatClient provider, Action<ModelRoutingOptions> configure, params IAnswerCheck[] checks) =>
        provider
            .AsBuilder()
            .UseCostMeter(o => o.Prices = Prices)
            .UseModelRouting(o =>
            {
                o.AddTier("small", "small");
                o.AddTier("large", "large");
                o.DefaultTier = "small";
                foreach (var check in checks)
                {
                    o.Cascade.Checks.Add(check);
                }

                configure(o);
            })
            .Build();

    private static async Task<string> AskAsync(IChatClient client, bool isStreaming, ChatOptions? options = null) =>
        isStreaming
            ? (await client.GetStreamingResponseAsync("Hello", options).ToChatResponseAsync()).Text
            : (await client.GetResponseAsync("Hello", options)).Text;
}
