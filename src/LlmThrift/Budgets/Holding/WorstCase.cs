using LlmThrift.Internal;
using LlmThrift.Pricing;

namespace LlmThrift.Budgets;

/// <summary>The most that a call may cost with the models that it may reach.</summary>
/// <param name="Model">A model.</param>
/// <param name="InputTokens">The input as that model counts it.</param>
/// <param name="Price">Its price; null when none is known.</param>
internal sealed record WorstCase(PossibleModel Model, long InputTokens, ModelPrice? Price)
{
    /// <summary>Tokens of all requests that may be billed, with answers of the given length.</summary>
    public decimal TokensWith(int output) => (InputTokens + (decimal)output) * Model.Requests;

    /// <summary>Dollars; 0 where no price is known.</summary>
    public decimal CostWith(int output)
    {
        if (Price is not { } price)
        {
            return 0m;
        }

        // All of the input may be written to the provider's cache, and all of the output may be reasoning, where that is dearer.
        var plain = new TokenUsage { InputTokens = InputTokens, OutputTokens = output };
        var most = price.CostOf(plain)?.Total ?? 0m;
        if (price.CacheWrite is not null || price.CacheWrite1h is not null || price.Reasoning is not null || price.LongContext is not null)
        {
            foreach (var reasoning in new[] { 0, output })
            {
                most = Math.Max(
                    most,
                    price.CostOf(plain with { CacheWriteTokens = InputTokens, ReasoningTokens = reasoning })?.Total ?? 0m
                );
                most = Math.Max(
                    most,
                    price
                        .CostOf(
                            plain with
                            {
                                CacheWriteTokens = InputTokens,
                                CacheWrite1hTokens = InputTokens,
                                ReasoningTokens = reasoning,
                            }
                        )
                        ?.Total
                        ?? 0m
                );
                most = Math.Max(most, price.CostOf(plain with { ReasoningTokens = reasoning })?.Total ?? 0m);
            }
        }

        return most * Model.Requests;
    }

    public decimal AmountWith(BudgetUnit unit, int output) => unit == BudgetUnit.Tokens ? TokensWith(output) : CostWith(output);

    /// <summary>The most of <paramref name="count"/> of them together.</summary>
    public static decimal MostOf(WorstCase[] cases, int count, BudgetUnit unit, int output)
    {
        if (count == 1 || cases.Length == 1)
        {
            var most = 0m;
            foreach (var single in cases)
            {
                most = Math.Max(most, single.AmountWith(unit, output));
            }

            return most;
        }

        return cases.Select(single => single.AmountWith(unit, output)).OrderDescending().Take(count).Sum();
    }
}
