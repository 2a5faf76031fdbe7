using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.TestKit;
using LlmThrift.Tests.Docs;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Engines;

/// <summary>Servers that speak OpenAI's API in their own way, over a socket and OpenAI's package: what they say is counted once, or counted here and marked so.</summary>
public sealed class EngineTests
{
    private const string Question = "When do you open?";
    private const string Awq = "Qwen/Qwen2.5-7B-Instruct-AWQ";

    // $3.60 an hour: $0.20 per million in, $2 out.
    private static readonly ModelPrice SelfHosted = new SelfHostedPrice(3.6m, 500m) { InputTokensPerSecond = 5_000m }.ToModelPrice();

    private static readonly PriceBook Prices = PriceBook.Embedded.With("*-AWQ", SelfHosted).With("our-*", SelfHosted);

    public static TheoryData<string, bool> Dialects()
    {
        var data = new TheoryData<string, bool>();
        foreach (var name in Named.Keys)
        {
            data.Add(name, false);
            data.Add(name, true);
        }

        return data;
    }

    private static Dictionary<string, EngineDialect> Named { get; } =
        new(StringComparer.Ordinal)
        {
            ["vLLM"] = EngineDialect.Vllm,
            ["vLLM, usage in every chunk"] = EngineDialect.VllmContinuous,
            ["vLLM, usage twice"] = EngineDialect.VllmTwice,
            ["llama.cpp"] = EngineDialect.LlamaCpp,
            ["llama.cpp, older"] = EngineDialect.OlderLlamaCpp,
            ["Ollama"] = EngineDialect.Ollama,
        };

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Reported_usage_is_counted_once_and_priced_by_the_machine(string dialect, bool isStreaming)
    {
        await using var server = new EngineServer(Named[dialect]);
        using var client = Client(server);

        var (response, record) = await AskAsync(client, isStreaming);

        Assert.Equal(EngineDialect.Text, response.Text);
        Assert.Equal((1_000, 200), (record.BilledUsage.InputTokens, record.BilledUsage.OutputTokens));
        Assert.False(record.IsEstimated);
        // 1,000 × $0.20 + 200 × $2 per million.
        Assert.Equal(0.0006m, record.ActualCost);

        var (_, repeated) = await AskAsync(client, !isStreaming);
        Assert.Equal("exact_cache", repeated.ServedBy);
        Assert.Equal((1_000, 200), (repeated.BaselineUsage.InputTokens, repeated.BaselineUsage.OutputTokens));
        Assert.Equal(0.0006m, repeated.Saving);
    }

    [Fact]
    public async Task Usage_missing_in_a_stream_is_estimated_and_marked()
    {
        await using var server = new EngineServer(EngineDialect.WithoutUsage);
        using var client = Client(server);

        var (response, record) = await AskAsync(client, isStreaming: true);

        Assert.Equal(EngineDialect.Text, response.Text);
        Assert.True(record.IsEstimated);
        Assert.InRange(record.BilledUsage.InputTokens, 5, 30);
        Assert.InRange(record.BilledUsage.OutputTokens, 4, 20);
        Assert.Equal(
            record.BilledUsage.InputTokens * 0.2m / 1_000_000 + record.BilledUsage.OutputTokens * 2m / 1_000_000,
            record.ActualCost
        );
    }

    [Fact]
    public async Task Usage_missing_in_a_stream_is_estimated_with_the_reasoning()
    {
        await using var plain = new EngineServer(EngineDialect.WithoutUsage);
        await using var thinking = new EngineServer(EngineDialect.WithoutUsage with { Reasons = true });
        using var plainClient = Client(plain);
        using var thinkingClient = Client(thinking);

        var (_, without) = await AskAsync(plainClient, isStreaming: true);
        var (response, with) = await AskAsync(thinkingClient, isStreaming: true);

        Assert.Equal(EngineDialect.Text, response.Text);
        Assert.True(with.BilledUsage.OutputTokens > without.BilledUsage.OutputTokens);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Reasoning_is_kept_apart_from_the_answer_also_in_the_cache(string dialect, bool isStreaming)
    {
        await using var server = new EngineServer(Named[dialect] with { Reasons = true });
        using var client = Client(server);

        var (first, _) = await AskAsync(client, isStreaming);
        var (repeated, record) = await AskAsync(client, !isStreaming);

        Assert.Equal("exact_cache", record.ServedBy);
        Assert.Single(server.Requests);
        foreach (var response in (ChatResponse[])[first, repeated])
        {
            Assert.Equal(EngineDialect.Text, response.Text);
            Assert.Equal(
                EngineDialect.Thoughts,
                string.Concat(response.Messages.SelectMany(m => m.Contents).OfType<TextReasoningContent>().Select(c => c.Text))
            );
        }
    }

    [Theory]
    [InlineData("vllm", Awq)]
    [InlineData("openai", Awq)]
    [InlineData("ollama", "our-llama:8b-q4_K_M")]
    [InlineData("openai", "our-llama-gptq")]
    public async Task Name_of_a_quantized_model_finds_the_price_of_its_machine(string provider, string model)
    {
        await using var server = new EngineServer(EngineDialect.Vllm);
        using var client = Client(server, provider, model);

        var (_, record) = await AskAsync(client, isStreaming: true);

        Assert.Equal((model, 0.0006m), (record.Model, record.ActualCost));
    }

    [Fact]
    public async Task Model_of_a_server_of_ones_own_without_a_price_is_not_priced()
    {
        await using var server = new EngineServer(EngineDialect.Vllm);
        using var client = Client(server, "vllm", "gpt-4o");

        var (_, record) = await AskAsync(client, isStreaming: true);

        Assert.Null(record.ActualCost);
    }

    [Fact]
    public async Task Server_is_a_tier_and_what_it_saves_is_the_saving_of_routing()
    {
        await using var server = new EngineServer(EngineDialect.Vllm);
        using var local = new OpenAIEngineClient(server.Endpoint, Awq, "vllm");
        using var client = Tiers(local);

        var (_, record) = await AskAsync(client, isStreaming: true, feature: "faq");

        Assert.Equal(("local", RoutingReason.Rule), (record.Routing!.Tier, record.Routing.Reason));
        Assert.Equal(Awq, server.Requests.Single()["model"]!.GetValue<string>());
        Assert.Equal(0.0006m, record.ActualCost);
        // gpt-4o: 1,000 × $2.50 + 200 × $10 per million.
        Assert.Equal(0.0045m, record.BaselineCost);
        Assert.Equal(0.0039m, record.SavingByStage.Single(part => part.Stage == "routing").Saving);
    }

    [Fact]
    public async Task Server_that_is_down_gives_way_to_the_api()
    {
        var server = new EngineServer(EngineDialect.Vllm);
        using var local = new OpenAIEngineClient(server.Endpoint, Awq, "vllm");
        await server.DisposeAsync();
        using var client = Tiers(local);

        var (response, record) = await AskAsync(client, isStreaming: true, feature: "faq");

        Assert.Equal("From the API.", response.Text);
        Assert.Equal(("large", "local"), (record.Routing!.Tier, record.Routing.FirstTier));
    }

    [Fact]
    public async Task Answer_cut_by_a_limit_says_so_and_is_not_cached()
    {
        await using var server = new EngineServer(EngineDialect.Vllm with { FinishReason = "length" });
        using var client = Client(server);

        var (first, _) = await AskAsync(client, isStreaming: true);
        var (_, second) = await AskAsync(client, isStreaming: true);

        Assert.Equal(ChatFinishReason.Length, first.FinishReason);
        Assert.Null(second.ServedBy);
        Assert.Equal(2, server.Requests.Count);
    }

    /// <summary>vLLM says "abort" where a request is aborted on the server; the package knows five reasons and throws at a sixth.</summary>
    [Fact]
    public async Task Finish_reason_that_the_package_does_not_know_fails_the_call_which_is_billed_by_what_was_delivered()
    {
        await using var server = new EngineServer(EngineDialect.Vllm with { FinishReason = "abort" });
        CallRecord? record = null;
        using var client = Client(server);

        await Assert.ThrowsAnyAsync<Exception>(() =>
            client.GetStreamingResponseAsync(Question, new ChatOptions().WithCallRecord(r => record = r)).ToChatResponseAsync()
        );

        Assert.Equal(CallOutcome.Failed, record!.Outcome);
        Assert.True(record.IsEstimated);
        Assert.True(record.BilledUsage.OutputTokens > 0);
        Assert.True(record.ActualCost > 0);
    }

    [Fact]
    public async Task Limit_on_output_reaches_servers_that_know_only_max_tokens()
    {
        await using var server = new EngineServer(EngineDialect.Ollama);
        using var client = new OpenAIEngineClient(server.Endpoint, "our-llama", "ollama", Snippets.MaxTokensForOllama()).WithCostControls(
            o =>
            {
                o.Metering.Prices = Prices;
                o.OutputLimits.MaxOutputTokens = 300;
            }
        );

        await AskAsync(client, isStreaming: true);
        await client.GetResponseAsync("And when do you close?");

        Assert.Equal(2, server.Requests.Count);
        Assert.All(
            server.Requests,
            request =>
            {
                Assert.Equal(300, request["max_tokens"]!.GetValue<int>());
                Assert.Null(request["max_completion_tokens"]);
            }
        );
    }

    [Fact]
    public async Task Package_asks_for_usage_and_writes_the_limit_as_max_completion_tokens()
    {
        await using var server = new EngineServer(EngineDialect.Vllm);
        using var client = new OpenAIEngineClient(server.Endpoint, "our-llama").WithCostControls(o => o.OutputLimits.MaxOutputTokens = 300);

        await AskAsync(client, isStreaming: true);

        var request = server.Requests.Single();
        Assert.True(request["stream_options"]!["include_usage"]!.GetValue<bool>());
        Assert.Equal(300, request["max_completion_tokens"]!.GetValue<int>());
        Assert.Null(request["max_tokens"]);
    }

    // A counter of its own: the default one learns, and these servers count without regard to the text.
    private static IChatClient Client(EngineServer server, string provider = "vllm", string model = Awq) =>
        new OpenAIEngineClient(server.Endpoint, model, provider).WithCostControls(o =>
        {
            o.Metering.Prices = Prices;
            o.Metering.TokenCounter = new RequestTokenCounter();
        });

    private static IChatClient Tiers(IChatClient local) =>
        new ScriptedChatClient((_, _) => ScriptedAnswer.Saying("From the API."))
        {
            Metadata = new("openai", null, "gpt-4o"),
        }.WithCostControls(o => Snippets.EngineAsTier(o, local));

    private static async Task<(ChatResponse Response, CallRecord Record)> AskAsync(
        IChatClient client,
        bool isStreaming,
        string? feature = null
    )
    {
        CallRecord? record = null;
        var options = new ChatOptions().WithCallRecord(r => record = r);
        if (feature is not null)
        {
            options = options.WithFeature(feature);
        }

        var response = isStreaming
            ? await client.GetStreamingResponseAsync(Question, options).ToChatResponseAsync()
            : await client.GetResponseAsync(Question, options);
        return (response, record!);
    }
}
