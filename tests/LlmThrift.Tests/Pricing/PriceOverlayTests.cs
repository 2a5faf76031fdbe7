using System.Text;
using LlmThrift.Pricing;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace LlmThrift.Tests.Pricing;

/// <summary>Prices that an app lays over the embedded ones.</summary>
public sealed class PriceOverlayTests
{
    private static readonly DateTimeOffset s_october = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void With_own_price_comes_before_the_embedded_one_and_leaves_the_first_book_alone()
    {
        var own = PriceBook.Embedded.With("gpt-4o", new ModelPrice { Input = 1m, Output = 2m });

        Assert.Equal(1m, own.Find("GPT-4O", "openai", s_october)?.Input);
        Assert.Equal(2.5m, PriceBook.Embedded.Find("gpt-4o", "openai", s_october)?.Input);
        Assert.Equal(0.15m, own.Find("gpt-4o-mini", "openai", s_october)?.Input);
    }

    [Fact]
    public void With_price_added_last_wins()
    {
        var book = PriceBook.Embedded.With("m", new ModelPrice { Input = 1m }).With("m*", new ModelPrice { Input = 2m });

        Assert.Equal(2m, book.Find("m", null, s_october)?.Input);
    }

    [Theory]
    [InlineData("my-model*", "my-model-7b", true)]
    [InlineData("my-model*", "MY-MODEL", true)]
    [InlineData("*-instruct", "qwen3-8b-instruct", true)]
    [InlineData("my-model*", "not-my-model", false)]
    [InlineData("my-model", "my-model-7b", false)]
    public void With_pattern_fits_by_its_stars(string pattern, string model, bool fits) =>
        Assert.Equal(fits, PriceBook.Empty.With(pattern, ModelPrice.Free).Find(model, "vllm", s_october) is not null);

    [Fact]
    public void With_provider_holds_only_there_under_any_of_its_names()
    {
        var book = PriceBook.Embedded.With("gpt-4o", new ModelPrice { Input = 9m }, provider: "azure");

        Assert.Equal(9m, book.Find("gpt-4o", "azure.ai.openai", s_october)?.Input);
        Assert.Equal(2.5m, book.Find("gpt-4o", "openai", s_october)?.Input);
    }

    [Fact]
    public void With_from_holds_from_that_moment()
    {
        var book = PriceBook.Embedded.With("gpt-4o", new ModelPrice { Input = 1m }, from: s_october);

        Assert.Equal(2.5m, book.Find("gpt-4o", "openai", s_october.AddTicks(-1))?.Input);
        Assert.Equal(1m, book.Find("gpt-4o", "openai", s_october)?.Input);
    }

    [Fact]
    public void WithConfiguration_reads_prices_tiers_and_dates()
    {
        var book = PriceBook.Embedded.WithConfiguration(
            Section(
                ("0:Model", "our-*"),
                ("0:Provider", "vllm"),
                ("0:From", "2026-10-01"),
                ("0:Input", "0.5"),
                ("0:CachedInput", "5e-2"),
                ("0:Output", "1.5"),
                ("0:LongContext:AboveInputTokens", "32000"),
                ("0:LongContext:Input", "1"),
                ("0:Batch:Input", "0.25"),
                ("1:Model", "gpt-4o"),
                ("1:input", "2"),
                ("1:output", "8")
            )
        );

        Assert.Null(book.Find("our-llm", "vllm", s_october.AddDays(-2)));
        Assert.Equal(
            new ModelPrice
            {
                Input = 0.5m,
                CachedInput = 0.05m,
                Output = 1.5m,
                LongContext = new PriceTier(
                    32_000,
                    new ModelPrice
                    {
                        Input = 1m,
                        CachedInput = 0.05m,
                        Output = 1.5m,
                    }
                ),
                Batch = new ModelPrice
                {
                    Input = 0.25m,
                    CachedInput = 0.05m,
                    Output = 1.5m,
                },
            },
            book.Find("our-llm", "vllm", s_october)
        );
        Assert.Equal(new ModelPrice { Input = 2m, Output = 8m }, book.Find("gpt-4o", "openai", s_october));
    }

    [Fact]
    public void WithConfiguration_lists_every_mistake_at_once()
    {
        var section = Section(
            ("0:Input", "0.5"),
            ("1:Model", "a"),
            ("1:Input", "cheap"),
            ("1:Output", "-1"),
            ("2:Model", "b"),
            ("2:From", "soon"),
            ("2:Inptu", "1"),
            ("3:Model", "c"),
            ("3:Input", "1"),
            ("3:LongContext:Input", "2")
        );

        var message = Assert.Throws<InvalidOperationException>(() => PriceBook.Embedded.WithConfiguration(section)).Message;

        Assert.Contains("Prices:0 names no Model.", message, StringComparison.Ordinal);
        Assert.Contains("Prices:1:Input is 'cheap'", message, StringComparison.Ordinal);
        Assert.Contains("Prices:1:Output is '-1'", message, StringComparison.Ordinal);
        Assert.Contains("Prices:2:From is 'soon'", message, StringComparison.Ordinal);
        Assert.Contains("Prices:2:Inptu means nothing here.", message, StringComparison.Ordinal);
        Assert.Contains("Prices:2 gives no price.", message, StringComparison.Ordinal);
        Assert.Contains("Prices:3:LongContext:AboveInputTokens", message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithConfiguration_nothing_configured_changes_nothing() =>
        Assert.Same(PriceBook.Embedded, PriceBook.Embedded.WithConfiguration(Section()));

    [Fact]
    public void WithLiteLlmJson_reads_classes_tiers_and_service_tiers_exactly()
    {
        var book = PriceBook.Embedded.WithLiteLlmJson(
            Utf8(
                """
                {
                  "sample_spec": { "input_cost_per_token": 0.0, "litellm_provider": "one of ..." },
                  "gemini/gemini-x": {
                    "litellm_provider": "gemini", "mode": "chat", "max_input_tokens": 1048576, "supports_vision": true,
                    "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6E-7,
                    "cache_read_input_token_cost": 3.75e-08, "cache_creation_input_token_cost": "2e-07",
                    "cache_creation_input_token_cost_above_1hr": 3e-07,
                    "input_cost_per_audio_token": 7e-07, "output_cost_per_reasoning_token": 3.5e-06,
                    "input_cost_per_token_above_200k_tokens": 3e-07, "output_cost_per_token_above_200k_tokens": 1.2e-06,
                    "input_cost_per_token_batches": 7.5e-08, "output_cost_per_token_batches": 3e-07,
                    "input_cost_per_token_priority": 3e-07, "input_cost_per_token_above_200k_tokens_priority": 6e-07,
                    "search_context_cost_per_query": { "search_context_size_low": 0.03, "search_context_size_medium": 0.035 }
                  },
                  "dall-e": { "litellm_provider": "openai", "input_cost_per_pixel": 1.9e-08 },
                  "our-embedder": { "mode": "embedding", "input_cost_per_token": 2e-08 }
                }
                """
            )
        );

        var price = book.Find("gemini-x", "gcp.gemini", s_october)!;

        Assert.Equal(
            (0.15m, 0.6m, 0.0375m, 0.2m, 0.3m),
            (price.Input, price.Output, price.CachedInput, price.CacheWrite, price.CacheWrite1h)
        );
        Assert.Equal((0.7m, 3.5m, 0.035m, 1_048_576), (price.InputAudio, price.Reasoning, price.PerWebSearch, price.ContextWindow));
        Assert.Equal(200_000, price.LongContext!.AboveInputTokens);
        Assert.Equal(
            (0.3m, 1.2m, 0.0375m),
            (price.LongContext.Price.Input, price.LongContext.Price.Output, price.LongContext.Price.CachedInput)
        );
        Assert.Equal((0.075m, 0.3m), (price.Batch!.Input, price.Batch.Output));
        Assert.Null(price.Batch.LongContext);
        Assert.Equal((0.3m, 0.6m), (price.Priority!.Input, price.Priority.LongContext!.Price.Input));
        Assert.Null(price.Flex);
        Assert.Equal(price, book.Find("gemini/gemini-x", null, s_october));
        Assert.Null(book.Find("gemini-x", "openai", s_october));
        Assert.Null(book.Find("dall-e", "openai", s_october));
        Assert.Equal(0m, book.Find("our-embedder", "vllm", s_october)?.Output);
        Assert.Equal(2.5m, book.Find("gpt-4o", "openai", s_october)?.Input);
    }

    [Fact]
    public void WithLiteLlmJson_bad_entries_are_all_named_and_the_others_count_when_asked()
    {
        const string json = """
            {
              "good": { "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06 },
              "bad": { "input_cost_per_token": "a lot" },
              "worse": { "input_cost_per_token": -1e-06 },
              "worst": 7
            }
            """;

        var message = Assert.Throws<FormatException>(() => PriceBook.Empty.WithLiteLlmJson(Utf8(json))).Message;
        var problems = new List<string>();
        var book = PriceBook.Empty.WithLiteLlmJson(Utf8(json), problems);

        Assert.All(new[] { "bad", "worse", "worst" }, name => Assert.Contains($"- {name}: ", message, StringComparison.Ordinal));
        Assert.Equal(3, problems.Count);
        Assert.Equal(1m, book.Find("good", null, s_october)?.Input);
        Assert.Null(book.Find("bad", null, s_october));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"a\": ")]
    public void WithLiteLlmJson_something_else_says_so(string json) =>
        Assert.Throws<FormatException>(() => PriceBook.Empty.WithLiteLlmJson(Utf8(json), []));

    [Fact]
    public void WithLiteLlmFile_reads_the_file()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """{ "m": { "input_cost_per_token": 1e-06, "output_cost_per_token": 0 } }""");
            Assert.Equal(1m, PriceBook.Empty.WithLiteLlmFile(path).Find("m", null, s_october)?.Input);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void SelfHostedPrice_three_dollars_an_hour_at_800_tokens_a_second()
    {
        var price = new SelfHostedPrice(gpuUsdPerHour: 3m, tokensPerSecond: 800m);

        // 3 ÷ (800 × 3600) × 10⁶.
        Assert.Equal(1.0416666666666666666666666667m, price.UsdPerMillionTokens);
        Assert.Equal(2.0833333333333333333333333333m, new SelfHostedPrice(3m, 800m, 0.5m).UsdPerMillionTokens);

        var book = PriceBook.Embedded.With("gpt-oss*", price.ToModelPrice(), provider: "ollama");
        var cost = book.CostOf(new TokenUsage { InputTokens = 400_000, OutputTokens = 800_000 }, "gpt-oss:20b", "ollama", s_october);
        Assert.Equal(1.25m, Math.Round(cost!.Value.Total, 20));
    }

    [Theory]
    [InlineData(-1, 800, 1)]
    [InlineData(3, 0, 1)]
    [InlineData(3, 800, 0)]
    [InlineData(3, 800, 1.5)]
    public void SelfHostedPrice_impossible_values_are_refused(double usd, double speed, double utilization) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedPrice((decimal)usd, (decimal)speed, (decimal)utilization));

    private static MemoryStream Utf8(string json) => new(Encoding.UTF8.GetBytes(json));

    private static IConfigurationSection Section(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(v => KeyValuePair.Create("Prices:" + v.Key, (string?)v.Value)))
            .Build()
            .GetSection("Prices");
}
