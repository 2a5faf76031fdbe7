using LlmThrift.Metering;

namespace LlmThrift.Budgets;

/// <summary>A budget as the pipeline uses it. Safe for concurrent use.</summary>
internal sealed class BudgetRule(Budget budget)
{
    private SpanBox? _span;

    public Budget Budget { get; } = budget;

    public string Name => Budget.Name;

    public BudgetUnit Unit => Budget.Unit;

    public bool IsSoft => Budget.IsSoft;

    /// <summary>Whether it has accounts of models, or holds for one model only.</summary>
    public bool IsOfModels { get; } = budget.Model is not null || budget.Per.HasFlag(BudgetScope.Model);

    /// <summary>Whether calls can be refused for what they spend, so that it must be known beforehand what that may be.</summary>
    public bool BoundsLength => !IsSoft && Unit != BudgetUnit.Calls;

    public bool Covers(CallTags tags) =>
        (Budget.Tenant is null || Budget.Tenant == tags.Tenant)
        && (Budget.User is null || Budget.User == tags.User)
        && (Budget.Feature is null || Budget.Feature == tags.Feature);

    public bool CoversModel(string? model) =>
        Budget.Model is null || string.Equals(Budget.Model, model, StringComparison.OrdinalIgnoreCase);

    public BudgetSpan SpanAt(DateTimeOffset now)
    {
        if (Volatile.Read(ref _span) is { } known && known.Span.Holds(now))
        {
            return known.Span;
        }

        var span = Budget.Window.At(now);
        Volatile.Write(ref _span, new SpanBox(span));
        return span;
    }

    public string GroupOf(CallTags tags, string? model) => BudgetGroup.Of(Budget.Per, tags, model);

    public decimal LimitOf(CallTags tags, Action<Exception> failed)
    {
        if (Budget.LimitFor is not { } limitFor)
        {
            return Budget.Limit;
        }

        try
        {
            return Math.Clamp(limitFor(tags) ?? Budget.Limit, 0m, 1_000_000_000_000m);
        }
        catch (Exception exception)
        {
            failed(exception);
            return Budget.Limit;
        }
    }

    private sealed record SpanBox(BudgetSpan Span);
}
