using System.ClientModel;
using System.Net;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.TestKit;
using LlmThrift.Tests.Resilience;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Tests.Routing;

public sealed class ModelRoutingTests
{
    private static readonly PriceBook Prices = PriceBook
        .Empty.With("small", new ModelPrice { Input = 0.1m, Output = 0.4m })
        .With(
            "large",
            new ModelPrice
            {
                Input = 10m,
                Output = 40m,
                CachedInput = 1m,
            }
        );

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rule_sends_a_call_to_a_tier_and_the_difference_in_price_is_the_saving(bool isStreaming)
    {
        using var provider = Echo();
        CallRecord? record = null;
        using var client = Client(provider, o => o.Rules.Add(new RoutingRule("small") { Feature = "FAQ" }));
        var options = new ChatOptions().WithFeature("faq").WithCallRecord(r => record = r);

        await AskAsync(client, "When do you open?", options, isStreaming);

        Assert.Equal("small", provider.Requests.Single().Options!.ModelId);
        Assert.Equal(
            (RoutingReason.Rule, "feature", "small", "small"),
            (record!.Routing!.Reason, record.Routing.Rule, record.Routing.Tier, record.Routing.FirstTier)
        );
        Assert.Equal((100 * 9.9m + 20 * 39.6m) / 1_000_000, record.SavingByStage.Single(part => part.Stage == "routing").Saving);
        Assert.Equal("large", record.RequestedModel);
    }

    [Fact]
    public async Task Strongest_tier_answers_when_nothing_else_decides()
    {
        using var provider = Echo();
        CallRecord? record = null;
        using var client = Client(provider);

        await AskAsync(client, "Why is the sky blue?", new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal("large", provider.Requests.Single().Options!.ModelId);
        Assert.Equal(RoutingReason.Default, record!.Routing!.Reason);
        Assert.DoesNotContain(record.SavingByStage, part => part.Stage == "routing");
    }

    [Fact]
    public async Task First_rule_that_is_met_decides_then_the_router_then_the_default()
    {
        using var provider = Echo();
        var router = new FuncRouter(request => request.Question.Contains("short", StringComparison.Ordinal) ? "small" : null);
        using var client = Client(
            provider,
            o =>
            {
                o.Rules.Add(new RoutingRule("large") { When = _ => throw new FormatException() });
                o.Rules.Add(new RoutingRule("large") { MinInputTokens = 50 });
                o.Router = router;
            }
        );

        await AskAsync(client, "short");
        await AskAsync(client, "short " + new string('x', 1_000));
        await AskAsync(client, "other");

        Assert.Equal(["small", "large", "large"], provider.Requests.Select(request => request.Options!.ModelId));
    }

    [Fact]
    public async Task App_names_the_tier_of_a_call()
    {
        using var provider = Echo();
        using var client = Client(provider, o => o.Rules.Add(new RoutingRule("large")));

        await AskAsync(client, "Hello", new ChatOptions().WithModelTier("SMALL"));
        var missing = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            AskAsync(client, "Hello", new ChatOptions().WithModelTier("medium"))
        );

        Assert.Equal("small", provider.Requests.Single().Options!.ModelId);
        Assert.Null(provider.Requests.Single().Options!.AdditionalProperties);
        Assert.Contains("\"small\", \"large\"", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tools")]
    [InlineData("picture")]
    [InlineData("json")]
    [InlineData("length")]
    [InlineData("language")]
    [InlineData("condition")]
    public async Task Tier_that_cannot_serve_a_request_is_passed_over(string need)
    {
        using var provider = Echo();
        CallRecord? record = null;
        using var client = Client(
            provider,
            o =>
            {
                o.DefaultTier = "small";
                o.TokenCounter = new RequestTokenCounter();
                var small = o.Tiers[0];
                (small.SupportsTools, small.SupportsVision, small.SupportsJson) = (false, false, false);
                small.ContextWindow = 2_000;
                small.Languages.Add("en");
                small.CanServe = request => request.Tags.Tenant != "demanding";
            }
        );
        var options = new ChatOptions().WithCallRecord(r => record = r);
        var message = new ChatMessage(ChatRole.User, "Hello, what is this?");
        switch (need)
        {
            case "tools":
                options.Tools = [AIFunctionFactory.Create(() => 1, "one")];
                break;
            case "picture":
                message.Contents.Add(new DataContent(new byte[8], "image/png"));
                break;
            case "json":
                options.ResponseFormat = ChatResponseFormat.Json;
                break;
            case "length":
                message = new ChatMessage(ChatRole.User, string.Join(' ', Enumerable.Repeat("word", 1_500)));
                break;
            case "language":
                message = new ChatMessage(ChatRole.User, "営業時間は何時ですか");
                break;
            default:
                options.WithTenant("demanding");
                break;
        }

        await client.GetResponseAsync("Hello, what is this?");
        await client.GetResponseAsync([message], options);

        Assert.Equal(["small", "large"], provider.Requests.Select(request => request.Options!.ModelId));
        Assert.Equal(RoutingReason.Capability, record!.Routing!.Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Failed_request_goes_to_the_next_tier_and_both_are_in_the_record(bool isStreaming)
    {
        using var provider = new ScriptedChatClient(
            (_, options) =>
                options!.ModelId == "small"
                    ? ScriptedAnswer.Failing(new HttpRequestException("down", null, HttpStatusCode.ServiceUnavailable))
                    : new ScriptedAnswer { ModelId = "large" }
        )
        {
            Metadata = new("openai", null, "large"),
        };
        CallRecord? record = null;
        using var client = Client(provider, o => o.DefaultTier = "small");

        var text = await AskAsync(client, "Hello", new ChatOptions().WithCallRecord(r => record = r), isStreaming);

        Assert.Equal("Hello, world.", text);
        Assert.Equal(2, record!.Attempts.Count);
        Assert.Equal(("small", "large"), (record.Routing!.FirstTier, record.Routing.Tier));
        Assert.Equal(["small"], record.Routing.FailedTiers);
        Assert.Contains(record.Notes, note => note is { Stage: "routing", Reason: "fell_back" });
        Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, 1)]
    [InlineData(HttpStatusCode.TooManyRequests, 2)]
    public async Task Bad_request_is_not_asked_of_another_model(HttpStatusCode status, int requests)
    {
        using var provider = new ScriptedChatClient(ScriptedAnswer.Failing(new HttpRequestException("no", null, status)));
        using var client = Client(provider);

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(client, "Hello"));

        Assert.Equal(status, exception.StatusCode);
        Assert.Equal(requests, provider.Calls);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, 1)]
    [InlineData(HttpStatusCode.TooManyRequests, 2)]
    public async Task Bad_request_is_told_from_the_exception_of_OpenAIs_package(HttpStatusCode status, int requests)
    {
        using var provider = new ScriptedChatClient(ScriptedAnswer.Failing(await OpenAIFailureTests.FailureAsync(status)));
        using var client = Client(provider);

        await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(client, "Hello"));

        Assert.Equal(requests, provider.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_billed_by_its_tier_was_billed_again_by_a_meter_around_the_routing(bool isStreaming)
    {
        using var provider = Echo();
        CallRecord? record = null;
        using var client = provider
            .AsBuilder()
            .UseCostControls(o => o.Metering.Prices = Prices)
            .UseModelRouting(o =>
            {
                o.AddTier("small", "small");
                o.AddTier("large", "large");
            })
            .Build();

        await AskAsync(client, "Hello", new ChatOptions().WithCallRecord(r => record = r), isStreaming);

        Assert.Single(record!.Attempts);
    }

    [Fact]
    public async Task Stream_that_has_begun_is_not_begun_again_elsewhere()
    {
        using var provider = new ScriptedChatClient(
            new ScriptedAnswer { Failure = new HttpRequestException("broken"), FailAfterChunks = 2 }
        );
        using var client = Client(provider);
        var text = "";

        await Assert.ThrowsAsync<HttpRequestException>(async () =>
        {
            await foreach (var update in client.GetStreamingResponseAsync("Hello"))
            {
                text += update.Text;
            }
        });

        Assert.Equal("Hello, ", text);
        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Cancelled_call_asks_no_other_tier()
    {
        using var source = new CancellationTokenSource();
        using var provider = new ScriptedChatClient((_, _) => new ScriptedAnswer { Gate = new TaskCompletionSource().Task });
        using var client = Client(provider);

        var asking = client.GetResponseAsync("Hello", cancellationToken: source.Token);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Tier_has_a_client_of_its_own_which_is_billed()
    {
        using var provider = Echo();
        using var local = new ScriptedChatClient(new ScriptedAnswer { ModelId = "small" }) { Metadata = new("local", null, "small") };
        var services = new ServiceCollection();
        services.AddKeyedChatClient("local", _ => local);
        services
            .AddChatClient(_ => provider)
            .UseCostMeter(o => o.Prices = Prices)
            .UseModelRouting(o =>
            {
                o.AddTier("free").ClientKey = "local";
                o.AddTier("paid", "large");
                o.DefaultTier = "free";
            });
        CallRecord? record = null;
        await using var found = services.BuildServiceProvider();

        await AskAsync(found.GetRequiredService<IChatClient>(), "Hello", new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal(0, provider.Calls);
        Assert.Equal(("local", "small"), (record!.Attempts.Single().Provider, record.Attempts.Single().Model));
    }

    [Theory]
    [InlineData("tools", "large")]
    [InlineData("long", "large")]
    [InlineData("short", "small")]
    public async Task Conversation_stays_with_its_tier_where_a_change_does_not_pay(string kind, string expected)
    {
        // One is cached at a tenth; reading it anew with the other costs half of the price.
        var prices = Prices.With("small", new ModelPrice { Input = 5m, Output = 20m });
        using var provider = Echo();
        CallRecord? record = null;
        using var client = provider
            .AsBuilder()
            .UseCostMeter(o => o.Prices = prices)
            .UseModelRouting(o =>
            {
                Tiers(o);
                o.Prices = prices;
                o.TokenCounter = new RequestTokenCounter();
                o.Router = new FuncRouter(request => request.Question.StartsWith("easy", StringComparison.Ordinal) ? "small" : "large");
            })
            .Build();
        var messages = new List<ChatMessage>
        {
            new(
                ChatRole.User,
                "hard question " + new string('x', 20) + string.Join(' ', Enumerable.Repeat("word", kind == "long" ? 5_000 : 5))
            ),
        };
        await client.GetResponseAsync(messages);
        messages.Add(new(ChatRole.Assistant, "Answer."));
        if (kind == "tools")
        {
            messages.Add(new(ChatRole.Assistant, [new FunctionCallContent("1", "look_up")]));
            messages.Add(new(ChatRole.Tool, [new FunctionResultContent("1", "found")]));
        }

        messages.Add(new(ChatRole.User, "easy question"));
        await client.GetResponseAsync(messages, new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal(expected, record!.Routing!.Tier);
        Assert.Equal(expected == "large" ? RoutingReason.Sticky : RoutingReason.Router, record.Routing.Reason);
    }

    [Fact]
    public async Task Cost_controls_route_as_soon_as_there_are_tiers()
    {
        using var provider = Echo();
        using var local = new ScriptedChatClient(new ScriptedAnswer { ModelId = "small" }) { Metadata = new("local", null, "small") };
        CallRecord? record = null;
        using var client = provider.WithCostControls(o =>
        {
            o.Metering.Prices = Prices;
            o.Routing.AddTier("local", client: local);
            o.Routing.AddTier("large", "large");
            o.Routing.Rules.Add(new RoutingRule("local") { Task = TaskType.Faq });
        });

        await AskAsync(client, "When do you open?", new ChatOptions().WithCallRecord(r => record = r));
        await AskAsync(client, "When do you open?", new ChatOptions().WithCallRecord(r => record = r));
        await AskAsync(client, "Write a poem.");

        Assert.Equal((1, 1), (local.Calls, provider.Calls));
        Assert.Equal("exact_cache", record!.ServedBy);
        Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
    }

    [Fact]
    public void Bad_options_are_named_all_at_once()
    {
        using var provider = Echo();
        var exception = Assert.Throws<ArgumentException>(() =>
            provider
                .AsBuilder()
                .UseModelRouting(o =>
                {
                    o.AddTier("small");
                    o.AddTier("Small").ClientKey = "nowhere";
                    o.Rules.Add(new RoutingRule("medium") { MinInputTokens = 5, MaxInputTokens = 4 });
                    o.DefaultTier = "huge";
                    o.StickyFor = TimeSpan.Zero;
                    o.Cascade.MaxEscalations = 0;
                })
                .Build()
        );

        foreach (
            var problem in new[]
            {
                "2 tiers named \"small\"",
                "ClientKey \"nowhere\"",
                "names the tier \"medium\"",
                "at least 5 and at most 4",
                "names the tier \"huge\"",
                "StickyFor is 00:00:00",
                "MaxEscalations is 0",
            }
        )
        {
            Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        }
    }

    private static ScriptedChatClient Echo() =>
        new((_, options) => new ScriptedAnswer { ModelId = options?.ModelId ?? "large" }) { Metadata = new("openai", null, "large") };

    private static void Tiers(ModelRoutingOptions options)
    {
        options.AddTier("small", "small");
        options.AddTier("large", "large");
    }

    private static IChatClient Client(IChatClient provider, Action<ModelRoutingOptions>? configure = null) =>
        provider
            .AsBuilder()
            .UseCostMeter(o => o.Prices = Prices)
            .UseModelRouting(o =>
            {
                Tiers(o);
                configure?.Invoke(o);
            })
            .Build();

    private static async Task<string> AskAsync(
        IChatClient client,
        string question,
        ChatOptions? options = null,
        bool isStreaming = false
    ) =>
        isStreaming
            ? (await client.GetStreamingResponseAsync(question, options).ToChatResponseAsync()).Text
            : (await client.GetResponseAsync(question, options)).Text;

    private sealed class FuncRouter(Func<RoutingRequest, string?> choose) : IModelRouter
    {
        public ValueTask<string?> ChooseAsync(
            RoutingRequest request,
            IReadOnlyList<ModelTier> tiers,
            CancellationToken cancellationToken
        ) => new(choose(request));
    }
}
