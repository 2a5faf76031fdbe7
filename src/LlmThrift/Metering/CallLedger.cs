using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;

namespace LlmThrift.Metering;

/// <summary>
/// Prices a call that has ended. The attempt that delivered the answer is priced, then each change that a stage made is undone, innermost
/// first, and priced again: the differences are what each stage saved, and the last price is the baseline. Since each part is a difference of
/// neighbours in one chain, the parts add up to the whole by construction. All other attempts are charged to the stage that made them.
/// </summary>
internal static class CallLedger
{
    public readonly record struct Settlement(
        decimal? Baseline,
        decimal? Actual,
        IReadOnlyList<StageSaving> Savings,
        TokenUsage BaselineUsage,
        TokenUsage BilledUsage
    );

    /// <summary>The bill of work that a stage did for itself: all cost, no baseline.</summary>
    public static Settlement SettleUpkeep(CallAttempt[] attempts)
    {
        var savings = new SavingsByStage();
        ChargeToTheirStages(attempts, except: null, ref savings);
        return Close(0m, Sum(attempts), savings, TokenUsage.Empty, SumOfTokens(attempts));
    }

    public static Settlement Settle(PriceBook prices, DateTimeOffset at, ServedAnswer? served, CallAttempt[] attempts, StageStep[] steps)
    {
        var billed = SumOfTokens(attempts);
        var actual = Sum(attempts);
        var savings = new SavingsByStage();
        if (served is not null)
        {
            var cost = prices.FindOrNull(served.Model, served.Provider, at) is { } servedPrice ? served.AvoidedCostAt(servedPrice) : null;
            savings.Add(served.Stage, cost);
            ChargeToTheirStages(attempts, except: null, ref savings);
            return Close(cost, actual, savings, served.AvoidedUsage, billed);
        }

        if (Array.FindLast(attempts, static attempt => !attempt.IsHelper) is not { } delivered)
        {
            ChargeToTheirStages(attempts, except: null, ref savings);
            return Close(0m, actual, savings, TokenUsage.Empty, billed);
        }

        var price = delivered.Price;
        var usage = delivered.Usage.WithoutProviderCache();
        var chain = delivered.Cost;
        chain = Undo(CostStages.ProviderCache, chain, CostOf(price, usage), ref savings);
        for (var index = steps.Length - 1; index >= 0; index--)
        {
            var step = steps[index];
            if (step.ModelBefore is { } model)
            {
                price = prices.Find(model, step.ProviderBefore ?? delivered.Provider, at);
            }

            usage = usage with
            {
                InputTokens = usage.InputTokens + step.RemovedInputTokens,
                OutputTokens = usage.OutputTokens + step.RemovedOutputTokens,
            };
            chain = Undo(step.Stage, chain, CostOf(price, usage), ref savings);
        }

        ChargeToTheirStages(attempts, except: delivered, ref savings);
        return Close(chain, actual, savings, usage, billed);
    }

    private static Settlement Close(
        decimal? baseline,
        decimal? actual,
        SavingsByStage savings,
        TokenUsage baselineUsage,
        TokenUsage billed
    ) => new(baseline, actual, baseline is null || actual is null ? [] : savings.ToArray(), baselineUsage, billed);

    private static decimal? Undo(string stage, decimal? after, decimal? before, ref SavingsByStage savings)
    {
        savings.Add(stage, before - after);
        return before;
    }

    /// <summary>A call that nobody bills for (no tokens, no request) costs nothing at any price, known or not.</summary>
    private static decimal? CostOf(ModelPrice? price, TokenUsage usage) => usage == TokenUsage.Empty ? 0m : price?.CostOf(usage)?.Total;

    private static void ChargeToTheirStages(CallAttempt[] attempts, CallAttempt? except, ref SavingsByStage savings)
    {
        foreach (var attempt in attempts)
        {
            if (!ReferenceEquals(attempt, except))
            {
                savings.Add(attempt.Stage, -attempt.Cost);
            }
        }
    }

    private static TokenUsage SumOfTokens(CallAttempt[] attempts)
    {
        var sum = attempts.Length == 0 ? TokenUsage.Empty : attempts[0].Usage;
        for (var index = 1; index < attempts.Length; index++)
        {
            sum += attempts[index].Usage;
        }

        return sum;
    }

    private static decimal? Sum(CallAttempt[] attempts)
    {
        decimal? sum = 0m;
        foreach (var attempt in attempts)
        {
            sum += attempt.Cost;
        }

        return sum;
    }

    /// <summary>At most a handful of stages: a list with one entry a stage beats a dictionary.</summary>
    private struct SavingsByStage
    {
        private StageSaving _first;
        private List<StageSaving>? _more;

        public void Add(string stage, decimal? saving)
        {
            if (saving is not { } amount || amount == 0m)
            {
                return;
            }

            if (_first.Stage is null || _first.Stage == stage)
            {
                _first = new StageSaving(stage, _first.Saving + amount);
                return;
            }

            _more ??= [];
            var index = _more.FindIndex(s => s.Stage == stage);
            if (index < 0)
            {
                _more.Add(new StageSaving(stage, amount));
            }
            else
            {
                _more[index] = new StageSaving(stage, _more[index].Saving + amount);
            }
        }

        public readonly StageSaving[] ToArray() =>
            _first.Stage is null ? []
            : _more is null ? [_first]
            : [_first, .. _more];
    }
}
