using LlmThrift.Diagnostics;
using LlmThrift.Metering;

namespace LlmThrift.AspNetCore.Tests;

/// <summary>Calls to show.</summary>
internal static class Calls
{
    private static long _number;

    public static StoredCall Call(
        DateTimeOffset at,
        decimal? actual = 1m,
        decimal? baseline = 2m,
        string? tenant = "acme",
        string? feature = "faq",
        string? model = "gpt-4o"
    ) =>
        new()
        {
            Id = new Guid((int)Interlocked.Increment(ref _number), 1, 2, new byte[8]),
            StartedAt = at,
            Duration = TimeSpan.FromMilliseconds(1_234),
            Tags = new CallTags(tenant, feature, "ann@example.com"),
            Provider = "openai",
            Model = model,
            RequestedModel = "gpt-4o",
            InputTokens = 1_000,
            OutputTokens = 200,
            ActualCost = actual,
            BaselineCost = baseline,
            SavingByStage = baseline - actual is { } saving ? [new StageSaving(CostStages.Routing, saving)] : [],
        };

    /// <summary>A month of a company's traffic: days and nights, several customers, caches that fill up, a stage that sometimes costs more than it saves. The same each time.</summary>
    public static IReadOnlyList<StoredCall> Month(DateTimeOffset now)
    {
        var calls = new List<StoredCall>();
        var random = 12_345u;
        string[] tenants =
        [
            "acme",
            "globex",
            "initech",
            "umbrella",
            "hooli",
            "stark-industries",
            "wayne",
            "tyrell",
            "cyberdyne",
            "soylent",
        ];
        string[] features = ["support-chat", "search", "summaries", "drafts", "translation"];
        (string Model, decimal Input, decimal Output)[] models =
        [
            ("gpt-4o", 2.5m, 10m),
            ("gpt-4o-mini", 0.15m, 0.6m),
            ("claude-sonnet-4-5", 3m, 15m),
            ("local-qwen2.5-7b", 0.02m, 0.08m),
        ];
        for (var at = now.AddDays(-30); at < now; at += TimeSpan.FromSeconds(120 + Next(700)))
        {
            var hour = at.Hour;
            var isBusy = hour is >= 7 and <= 19 && at.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
            if (!isBusy && Next(100) < 70)
            {
                continue;
            }

            var tenant = tenants[(int)Math.Min(Next(10), Next(10))];
            var feature = features[(int)Math.Min(Next(5), Next(5))];
            long input = 400 + Next(6_000);
            long output = 60 + Next(700);
            var wanted = models[feature == "drafts" ? 2 : 0];
            var chosen = Next(100) switch
            {
                < 40 => wanted,
                < 80 => models[1],
                _ => models[3],
            };
            decimal Price((string Model, decimal Input, decimal Output) model, long from, long to) =>
                ((from * model.Input) + (to * model.Output)) / 1_000_000m;
            var baseline = Price(wanted, input, output);
            var kind = Next(100);
            var savings = new List<StageSaving>();
            string? servedBy = null;
            decimal actual;
            if (kind < 24)
            {
                servedBy = CostStages.ExactCache;
                actual = 0m;
                savings.Add(new StageSaving(CostStages.ExactCache, baseline));
            }
            else if (kind < 33)
            {
                servedBy = CostStages.SemanticCache;
                actual = 0.00002m;
                savings.Add(new StageSaving(CostStages.SemanticCache, baseline - actual));
            }
            else
            {
                var trimmed = input * 7 / 10;
                var afterTrim = Price(wanted, trimmed, output);
                actual = Price(chosen, trimmed, output);
                savings.Add(new StageSaving(CostStages.ContextTrimming, baseline - afterTrim));
                if (actual != afterTrim)
                {
                    savings.Add(new StageSaving(CostStages.Routing, afterTrim - actual));
                }
                else
                {
                    var discount = actual / 5;
                    actual -= discount;
                    savings.Add(new StageSaving(CostStages.ProviderCache, discount));
                }

                if (kind > 95)
                {
                    var lost = actual / 2;
                    actual += lost;
                    savings.Add(new StageSaving(CostStages.Resilience, -lost));
                }
            }

            calls.Add(
                Call(at, actual, baseline, tenant, feature, servedBy is null ? chosen.Model : wanted.Model) with
                {
                    Duration = TimeSpan.FromMilliseconds(servedBy is null ? 400 + Next(6_000) : 2),
                    ServedBy = servedBy,
                    Tier = servedBy is null
                        ? chosen.Model switch
                        {
                            "gpt-4o-mini" => "small",
                            "local-qwen2.5-7b" => "local",
                            _ => "large",
                        }
                        : null,
                    Outcome = kind == 50 ? CallOutcome.Failed : CallOutcome.Completed,
                    IsEstimated = kind == 51,
                    InputTokens = servedBy is null ? input * 7 / 10 : 0,
                    OutputTokens = servedBy is null ? output : 0,
                    BaselineInputTokens = input,
                    BaselineOutputTokens = output,
                    SavingByStage = savings,
                }
            );
        }

        return calls;

        uint Next(uint below)
        {
            random = (random * 1_664_525u) + 1_013_904_223u;
            return (random >> 8) % below;
        }
    }
}
