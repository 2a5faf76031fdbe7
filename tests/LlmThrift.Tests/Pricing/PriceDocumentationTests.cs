using LlmThrift.Pricing;
using LlmThrift.Tests.Architecture;
using LlmThrift.Tests.Docs;
using Xunit;

namespace LlmThrift.Tests.Pricing;

/// <summary>The examples of docs/prices.md do what the page says.</summary>
public sealed class PriceDocumentationTests
{
    [Fact]
    public void First_example_costs_what_the_page_says()
    {
        var book = PriceBook.Embedded;
        var usage = new TokenUsage
        {
            InputTokens = 12_000,
            CachedInputTokens = 9_000,
            OutputTokens = 700,
        };
        Cost? cost = book.CostOf(
            usage,
            "claude-sonnet-4-5",
            provider: "anthropic",
            at: new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero)
        );

        Assert.Equal(new Cost(0.0117m, 0.0105m, 0m), cost);
        Assert.Equal(0.0222m, cost!.Value.Total);
    }

    [Fact]
    public void Own_prices_example_lays_four_layers_over_the_book()
    {
        var october = new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);
        var book = PriceBook
            .Embedded.With(
                "gpt-4o",
                new ModelPrice
                {
                    Input = 2m,
                    CachedInput = 1m,
                    Output = 8m,
                },
                provider: "azure",
                from: october
            )
            .With("our-llama*", new SelfHostedPrice(gpuUsdPerHour: 3m, tokensPerSecond: 800m, utilization: 0.4m).ToModelPrice());

        Assert.Equal(2m, book.Find("gpt-4o", "azure.ai.openai", october)?.Input);
        Assert.Equal(2.6m, Math.Round(book.Find("our-llama-8b", "vllm", october)!.Output!.Value, 1));
    }

    [Fact]
    public void Break_even_example_prints_what_the_page_says()
    {
        var page = File.ReadAllText(Path.Combine(ArchitectureTests.RepositoryRoot(), "docs", "prices.md")).ReplaceLineEndings("\n");

        var (answer, atVolume) = Snippets.BreakEven(new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero));

        Assert.Contains($"```text\n{answer}\n{atVolume}\n```", page, StringComparison.Ordinal);
    }
}
