using LlmThrift.ContextTrimming;
using LlmThrift.Pricing;
using LlmThrift.TestKit;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.ContextTrimming;

/// <summary>An agent at work, call by call, at a provider that gives a discount on what it has read before.</summary>
public sealed class AgentReplayTests
{
    private const int Turns = 60;

    [Theory]
    [InlineData("gpt-4o", "openai")]
    [InlineData("gpt-5", "openai")]
    [InlineData("claude-sonnet-4-5", "anthropic")]
    [InlineData("claude-haiku-4-5", "anthropic")]
    public async Task Trimming_costs_less_than_sending_everything_and_less_than_the_last_messages(string model, string provider)
    {
        var price = PriceBook.Embedded.Find(model, provider, DateTimeOffset.UnixEpoch.AddYears(56))!;
        var clock = new ManualClock();
        var trimmer = new ContextTrimmer(new ContextTrimmingOptions { MaxTokens = 8_000, UseEmbeddings = false }, clock);
        var (ours, everything, lastMessages) = (
            new ProviderCache(price, model),
            new ProviderCache(price, model),
            new ProviderCache(price, model)
        );
        var messages = new List<ChatMessage>
        {
            new(ChatRole.System, Prose(1, 300)),
            new(ChatRole.User, "Find out why order 4711 is late, and put it right."),
        };
        for (var turn = 0; turn < Turns; turn++)
        {
            var trimmed = await trimmer.TrimAsync([.. messages], modelId: model, provider: provider);
            ours.Read(trimmed.Messages);
            everything.Read(messages);
            lastMessages.Read(LastThatFit(messages, 8_000, model));

            clock.Advance(TimeSpan.FromSeconds(20));
            messages.Add(
                new(
                    ChatRole.Assistant,
                    [
                        new TextContent(Prose(turn, 20)),
                        new FunctionCallContent($"{turn}", "look_up", new Dictionary<string, object?> { ["id"] = turn }),
                    ]
                )
            );
            messages.Add(new(ChatRole.Tool, [new FunctionResultContent($"{turn}", Prose(turn + 100, turn % 7 == 0 ? 900 : 150))]));
            if (turn % 12 == 11)
            {
                messages.Add(new(ChatRole.Assistant, Prose(turn, 40)));
                messages.Add(new(ChatRole.User, $"And what about order {4711 + turn}?"));
            }
        }

        Assert.True(ours.Cost < everything.Cost, $"{ours.Cost} with trimming, {everything.Cost} without");
        Assert.True(ours.Cost < lastMessages.Cost, $"{ours.Cost} with trimming, {lastMessages.Cost} with the last messages");
    }

    [Fact]
    public async Task Trim_that_costs_more_than_it_saves_is_refused_and_made_once_the_discount_is_gone()
    {
        // A tenth for what was read before: a trim to seven tenths pays back over many calls only.
        var price = new ModelPrice
        {
            Input = 3,
            CachedInput = 0.3m,
            CacheWrite = 3.75m,
            Output = 15,
        };
        var clock = new ManualClock();
        var options = new ContextTrimmingOptions
        {
            MaxTokens = 6_000,
            ExpectedFurtherCalls = 2,
            UseEmbeddings = false,
            Prices = PriceBook.Empty.With("a-model-of-this-test", price),
        };
        var trimmer = new ContextTrimmer(options, clock);
        List<ChatMessage> messages =
        [
            .. Enumerable.Range(0, 28).Select(i => new ChatMessage(i % 2 == 0 ? ChatRole.User : ChatRole.Assistant, Prose(i, 120))),
        ];
        messages.Add(new(ChatRole.User, "What next?"));
        Assert.Equal(TrimOutcome.WithinBudget, (await trimmer.TrimAsync(messages, modelId: "a-model-of-this-test")).Outcome);
        messages.Add(new(ChatRole.Assistant, Prose(50, 3_000)));
        messages.Add(new(ChatRole.User, "Go on."));

        var refused = await trimmer.TrimAsync([.. messages], modelId: "a-model-of-this-test");

        Assert.Equal(TrimOutcome.Refused, refused.Outcome);
        Assert.Equal(messages, refused.Messages);
        Assert.True(refused.TokensAfter > refused.Budget);

        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(TrimOutcome.Trimmed, (await trimmer.TrimAsync([.. messages], modelId: "a-model-of-this-test")).Outcome);
    }

    [Fact]
    public async Task Later_calls_begin_as_the_trimmed_one_did_until_the_budget_is_reached_again()
    {
        var trimmer = new ContextTrimmer(new ContextTrimmingOptions { MaxTokens = 3_000, UseEmbeddings = false });
        List<ChatMessage> messages =
        [
            .. Enumerable.Range(0, 60).Select(i => new ChatMessage(i % 2 == 0 ? ChatRole.User : ChatRole.Assistant, Prose(i, 60))),
        ];
        messages.Add(new(ChatRole.User, Prose(500, 20)));
        var first = await trimmer.TrimAsync([.. messages], modelId: "gpt-4o");
        Assert.Equal(TrimOutcome.Trimmed, first.Outcome);
        messages.Add(new(ChatRole.Assistant, Prose(501, 20)));
        messages.Add(new(ChatRole.User, Prose(502, 20)));

        var second = await trimmer.TrimAsync([.. messages], modelId: "gpt-4o");

        Assert.Equal(TrimOutcome.KeptStable, second.Outcome);
        Assert.Equal([.. first.Messages, messages[^2], messages[^1]], second.Messages);
    }

    [Fact]
    public async Task Question_for_what_was_left_out_brings_it_back()
    {
        var trimmer = new ContextTrimmer(new ContextTrimmingOptions { MaxTokens = 3_000, UseEmbeddings = false });
        List<ChatMessage> messages =
        [
            .. Enumerable.Range(0, 60).Select(i => new ChatMessage(i % 2 == 0 ? ChatRole.User : ChatRole.Assistant, Prose(i, 60))),
        ];
        ChatMessage evidence = new(ChatRole.User, "My wife's passport is with the consulate in Valparaíso. " + Prose(900, 60));
        messages.Insert(20, evidence);
        messages.Insert(21, new(ChatRole.Assistant, "Noted."));
        messages.Add(new(ChatRole.User, Prose(3, 20)));
        Assert.DoesNotContain(evidence, (await trimmer.TrimAsync([.. messages], modelId: "gpt-4o")).Messages);
        messages.Add(new(ChatRole.Assistant, Prose(501, 20)));
        messages.Add(new(ChatRole.User, "Where is the passport, in which consulate?"));

        var trimmed = await trimmer.TrimAsync([.. messages], modelId: "gpt-4o");

        Assert.Equal(TrimOutcome.Trimmed, trimmed.Outcome);
        Assert.Contains(evidence, trimmed.Messages);
    }

    private static List<ChatMessage> LastThatFit(List<ChatMessage> messages, int budget, string model)
    {
        var kept = new List<ChatMessage>();
        budget -= TokensOf(messages[0], model);
        for (var i = messages.Count - 1; i > 0 && (budget -= TokensOf(messages[i], model)) >= 0; i--)
        {
            kept.Insert(0, messages[i]);
        }

        kept.RemoveRange(0, Math.Max(0, kept.FindIndex(message => message.Role != ChatRole.Tool)));
        return [messages[0], .. kept];
    }

    private static int TokensOf(ChatMessage message, string model) =>
        RequestTokenCounter.Default.CountRequest([message], null, model).Tokens
        - RequestTokenCounter.Default.CountRequest([], null, model).Tokens;

    private static string Prose(int seed, int words)
    {
        var random = new Random(seed);
        string[] some =
        [
            "parcel",
            "warehouse",
            "label",
            "carrier",
            "customs",
            "the",
            "was",
            "is",
            "late",
            "scanned",
            "hub",
            "north",
            "weight",
            "signed",
            "door",
            "and",
        ];
        return string.Join(' ', Enumerable.Range(0, words).Select(_ => some[random.Next(some.Length)]));
    }

    /// <summary>A provider that reads what it has read before, from the beginning and at least 1,024 tokens, at a discount.</summary>
    private sealed class ProviderCache(ModelPrice price, string model)
    {
        private List<ChatMessage> _before = [];

        public decimal Cost { get; private set; }

        public void Read(IReadOnlyList<ChatMessage> messages)
        {
            var same = 0;
            while (same < messages.Count && same < _before.Count && IsSame(messages[same], _before[same]))
            {
                same++;
            }

            var repeated = messages.Take(same).Sum(message => TokensOf(message, model));
            var all = messages.Sum(message => TokensOf(message, model));
            repeated = repeated < 1_024 ? 0 : repeated;
            Cost += (repeated * (price.CachedInput ?? price.Input!.Value)) + ((all - repeated) * (price.CacheWrite ?? price.Input!.Value));
            _before = [.. messages];
        }

        private static bool IsSame(ChatMessage left, ChatMessage right) =>
            ReferenceEquals(left, right)
            || (
                left.Text == right.Text
                && left.Contents.OfType<FunctionResultContent>()
                    .Select(result => result.Result)
                    .SequenceEqual(right.Contents.OfType<FunctionResultContent>().Select(result => result.Result))
                && left.Contents.OfType<FunctionCallContent>()
                    .Select(call => call.CallId)
                    .SequenceEqual(right.Contents.OfType<FunctionCallContent>().Select(call => call.CallId))
            );
    }
}
