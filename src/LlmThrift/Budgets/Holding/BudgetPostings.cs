using LlmThrift.Metering;
using LlmThrift.Pricing;

namespace LlmThrift.Budgets;

/// <summary>What attempts have spent of which accounts.</summary>
internal static class BudgetPostings
{
    /// <summary>What a call has spent of the accounts that it held.</summary>
    public static List<BudgetPosting> Of(BudgetHold hold, CallAttempt[] attempts, ModelPrice? assumed)
    {
        var postings = new List<BudgetPosting>(hold.Claims.Length);
        for (var index = 0; index < hold.Claims.Length; index++)
        {
            var (claim, rule) = (hold.Claims[index], hold.Rules[index]);
            var amount = 0m;
            var isFirst = Array.IndexOf(hold.Rules, rule) == index;
            foreach (var attempt in attempts)
            {
                if (!rule.IsOfModels || IsOf(hold, index, isFirst, attempt))
                {
                    amount =
                        rule.Unit == BudgetUnit.Calls
                            ? Math.Max(amount, attempt.IsHelper ? 0m : 1m)
                            : amount + AmountOf(rule, attempt, assumed);
                }
            }

            if (amount > 0m)
            {
                postings.Add(new BudgetPosting(claim.Budget, claim.Group, claim.Slice, amount));
            }
        }

        return postings;
    }

    /// <summary>What attempts have spent that no call held anything for.</summary>
    public static void AddLate(
        List<BudgetPosting> postings,
        BudgetRule rule,
        DateTimeOffset slice,
        CallTags tags,
        CallAttempt[] attempts,
        ModelPrice? assumed
    )
    {
        foreach (var attempt in attempts)
        {
            if (rule.IsOfModels && !rule.CoversModel(attempt.Model))
            {
                continue;
            }

            var amount = AmountOf(rule, attempt, assumed);
            if (amount > 0m)
            {
                var group = rule.GroupOf(tags, attempt.Model);
                var known = postings.FindIndex(posting => posting.Budget == rule.Name && posting.Group == group);
                if (known < 0)
                {
                    postings.Add(new BudgetPosting(rule.Name, group, slice, amount));
                }
                else
                {
                    postings[known] = postings[known] with { Amount = postings[known].Amount + amount };
                }
            }
        }
    }

    private static decimal AmountOf(BudgetRule rule, CallAttempt attempt, ModelPrice? assumed) =>
        rule.Unit switch
        {
            BudgetUnit.Tokens => attempt.Usage.InputTokens + attempt.Usage.OutputTokens,
            BudgetUnit.UsDollars => attempt.Cost ?? assumed?.CostOf(attempt.Usage)?.Total ?? 0m,
            _ => 0m,
        };

    /// <summary>
    /// Whether an attempt is booked under a claim of a model. Providers answer with longer names than are asked for ("gpt-4o-2024-08-06"): the claim with the same name, else that with the
    /// longest name that the answer's begins with, else one whose name begins with the answer's; where none fits, the first of the rule.
    /// </summary>
    private static bool IsOf(BudgetHold hold, int index, bool isFirst, CallAttempt attempt)
    {
        var (best, fit) = (-1, 0);
        for (var other = 0; other < hold.Models.Length; other++)
        {
            if (
                ReferenceEquals(hold.Rules[other], hold.Rules[index])
                && FitOf(hold.Models[other], attempt.Model) is var found
                && found > fit
            )
            {
                (best, fit) = (other, found);
            }
        }

        return best < 0 ? isFirst : best == index;
    }

    private static int FitOf(string? claimed, string? answered) =>
        claimed is null || answered is null ? 0
        : string.Equals(claimed, answered, StringComparison.OrdinalIgnoreCase) ? int.MaxValue
        : answered.StartsWith(claimed, StringComparison.OrdinalIgnoreCase) ? 1 + claimed.Length
        : claimed.StartsWith(answered, StringComparison.OrdinalIgnoreCase) ? 1
        : 0;
}
