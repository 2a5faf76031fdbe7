using LlmThrift.Pricing;
using Xunit;

namespace LlmThrift.Tests.Pricing;

public sealed class PriceBookTests
{
    private static readonly DateTimeOffset s_october = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TokenUsage s_usage = new() { InputTokens = 1_000, OutputTokens = 100 };

    [Fact]
    public void Embedded_says_how_old_it_is() => Assert.Equal(new DateOnly(2026, 9, 23), PriceBook.Embedded.AsOf);

    [Fact]
    public void Find_known_model_gives_the_list_price()
    {
        var price = PriceBook.Embedded.Find("gpt-4o-mini", "openai", s_october);

        Assert.Equal(
            new ModelPrice
            {
                Input = 0.15m,
                CachedInput = 0.075m,
                Output = 0.6m,
                PerWebSearch = 0.01m,
                ContextWindow = 128_000,
            },
            price
        );
    }

    [Fact]
    public void CostOf_known_model_is_exact() =>
        Assert.Equal(new Cost(0.00015m, 0.00006m, 0m), PriceBook.Embedded.CostOf(s_usage, "gpt-4o-mini", "openai", s_october));

    [Theory]
    [InlineData("openai", "gpt-4o")]
    [InlineData("OpenAI", "GPT-4o-2024-11-20")]
    [InlineData(null, "gpt-4o")]
    [InlineData("", "gpt-4o")]
    [InlineData("somebody-elses-gateway", "gpt-4o")]
    [InlineData(null, "openai/gpt-4o")]
    [InlineData("azure.ai.openai", "gpt-4o")]
    [InlineData("azure.ai.inference", "gpt-4o-2024-08-06")]
    [InlineData("azure", "gpt-4o-20240806")]
    public void Find_every_spelling_of_a_model_and_its_provider_gives_its_price(string? provider, string model) =>
        Assert.Equal(2.5m, PriceBook.Embedded.Find(model, provider, s_october)?.Input);

    [Theory]
    [InlineData("anthropic", "claude-sonnet-4-5-20250929")]
    [InlineData("gcp.vertex_ai", "claude-sonnet-4-5@20250929")]
    [InlineData("azure", "claude-sonnet-4-5")]
    [InlineData("microsoft.foundry", "claude-sonnet-4-5")]
    [InlineData("aws.bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0")]
    [InlineData("amazon_bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0")]
    public void Find_resold_models_are_priced_at_the_reseller_or_by_its_fallback(string provider, string model) =>
        Assert.Equal(3m, PriceBook.Embedded.Find(model, provider, s_october)?.Input);

    [Theory]
    [InlineData("gcp.gemini", "gemini-2.5-pro")]
    [InlineData("mistral_ai", "mistral-large-latest")]
    [InlineData("x_ai", "grok-4.3")]
    [InlineData("xai", "grok-4.3")]
    [InlineData("deepseek", "deepseek-chat")]
    [InlineData("cohere", "command-r")]
    [InlineData("perplexity", "sonar")]
    [InlineData("groq", "llama-3.3-70b-versatile")]
    public void Find_telemetry_names_of_providers_are_known(string provider, string model) =>
        Assert.NotNull(PriceBook.Embedded.Find(model, provider, s_october));

    [Theory]
    [InlineData("openai", "no-such-model")]
    [InlineData(null, "no-such-model")]
    [InlineData("cohere", "gpt-4o")]
    [InlineData("ollama", "gpt-oss:20b")]
    [InlineData("vllm", "gpt-4o")]
    [InlineData("openai", "whisper-1")]
    [InlineData("openai", "")]
    public void Find_unknown_self_hosted_or_not_priced_by_token_is_null(string? provider, string model)
    {
        Assert.Null(PriceBook.Embedded.Find(model, provider, s_october));
        Assert.Null(PriceBook.Embedded.CostOf(s_usage, model, provider, s_october));
    }

    [Fact]
    public void Find_tiered_model_switches_above_its_threshold()
    {
        var book = PriceBook.Embedded;
        var atThreshold = new TokenUsage
        {
            InputTokens = 200_000,
            CachedInputTokens = 100_000,
            OutputTokens = 1_000,
        };
        var above = atThreshold with { InputTokens = 200_001 };

        Assert.Equal(new Cost(0.1375m, 0.01m, 0m), book.CostOf(atThreshold, "gemini-2.5-pro", "google", s_october));
        Assert.Equal(new Cost(0.2750025m, 0.015m, 0m), book.CostOf(above, "gemini-2.5-pro", "google", s_october));
    }

    [Theory]
    [InlineData("2026-12-31T23:59:59Z", 0.75)]
    [InlineData("2027-01-01T00:00:00Z", 1.5)]
    [InlineData("2027-01-01T01:00:00+02:00", 0.75)] // Still 2026 in UTC.
    public void Find_announced_price_starts_on_its_day_in_utc(string at, double expected) =>
        Assert.Equal((decimal)expected, PriceBook.Embedded.Find("gemini-3.6-flash", "google", Time(at))?.Input);

    [Theory]
    [InlineData("2026-10-01T00:29:59Z", 0.135)]
    [InlineData("2026-10-01T00:30:00Z", 0.27)]
    [InlineData("2026-10-01T16:29:59Z", 0.27)]
    [InlineData("2026-10-01T16:30:00Z", 0.135)]
    [InlineData("2026-10-01T18:00:00+08:00", 0.27)] // 10:00 UTC.
    public void Find_price_by_time_of_day_follows_the_clock_in_utc(string at, double expected) =>
        Assert.Equal((decimal)expected, PriceBook.Embedded.Find("deepseek-chat", "deepseek", Time(at))?.Input);

    [Theory]
    [InlineData("2026-08-21T23:59:59Z", 1)]
    [InlineData("2026-08-22T00:00:00Z", 0.1)]
    public void Find_old_request_is_priced_by_the_snapshot_of_its_time(string at, double expected) =>
        Assert.Equal((decimal)expected, PriceBook.Embedded.Find("ministral-8b", "mistral", Time(at))?.Output);

    [Fact]
    public void Find_embedding_model_charges_nothing_for_output()
    {
        var cost = PriceBook.Embedded.CostOf(s_usage, "text-embedding-3-small", "openai", s_october);

        Assert.Equal(new Cost(0.00002m, 0m, 0m), cost);
    }

    [Fact]
    public void Find_model_listed_as_free_costs_zero() =>
        Assert.Equal(default(Cost), PriceBook.Embedded.CostOf(s_usage, "deepseek/deepseek-r1:free", "openrouter", s_october));

    [Fact]
    public void Find_per_request_and_per_search_prices_are_for_one()
    {
        Assert.Equal(0.012m, PriceBook.Embedded.Find("sonar", "perplexity", s_october)?.PerRequest);
        Assert.Equal(0.01m, PriceBook.Embedded.Find("claude-sonnet-4-5", "anthropic", s_october)?.PerWebSearch);
    }

    [Fact]
    public void CostOf_batch_is_half_where_the_provider_says_so_and_unpriced_elsewhere()
    {
        var book = PriceBook.Embedded;
        var standard = book.CostOf(s_usage, "claude-sonnet-4-5", "anthropic", s_october)!.Value;

        Assert.Equal(standard.Total / 2, book.CostOf(s_usage, "claude-sonnet-4-5", "anthropic", s_october, ServiceTier.Batch)!.Value.Total);
        Assert.Equal(0.0045m, book.CostOf(s_usage, "gpt-5", "openai", s_october, ServiceTier.Priority)!.Value.Total);
        Assert.Null(book.CostOf(s_usage, "mistral-large-latest", "mistral", s_october, ServiceTier.Batch));
    }

    [Fact]
    public void Find_from_many_threads_and_with_many_names_stays_right()
    {
        var book = PriceBook.Embedded.With("mine-*", new ModelPrice { Input = 1m });

        Parallel.For(
            0,
            20_000,
            i =>
            {
                Assert.Equal(2.5m, book.Find("gpt-4o", i % 2 == 0 ? "openai" : "azure", s_october)?.Input);
                Assert.Equal(1m, book.Find($"mine-{i}", null, s_october)?.Input);
                Assert.Null(book.Find($"nobodys-{i}", "openai", s_october));
            }
        );
    }

    [Fact]
    public void Find_repeated_allocates_nothing()
    {
        var book = PriceBook.Embedded;
        book.CostOf(s_usage, "gpt-4o", "openai", s_october);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            book.CostOf(s_usage, "gpt-4o", "openai", s_october);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Embedded_every_provider_parses_in_both_snapshots()
    {
        string[] providers =
        [
            .. "anthropic arcee avian aws azure baseten cerebras cloudflare cohere cursor deepseek doubleword fireworks github-copilot google groq".Split(
                ' '
            ),
            .. "huggingface_cerebras huggingface_fireworks-ai huggingface_groq huggingface_hyperbolic huggingface_nebius huggingface_novita".Split(
                ' '
            ),
            .. "huggingface_nscale huggingface_ovhcloud huggingface_publicai huggingface_sambanova huggingface_together minimax mistral modal".Split(
                ' '
            ),
            .. "moonshotai novita openai openrouter ovhcloud perplexity together typesafe voyageai x-ai zai zhipuai".Split(' '),
        ];

        // An unknown model makes the provider's whole list, and its fallbacks', be parsed and searched.
        foreach (var provider in providers)
        {
            Assert.Null(PriceBook.Embedded.Find("no such model", provider, s_october));
            Assert.Null(PriceBook.Embedded.Find("no such model", provider, s_october.AddYears(-1)));
        }
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
