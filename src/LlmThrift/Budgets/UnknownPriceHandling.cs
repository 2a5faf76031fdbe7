namespace LlmThrift.Budgets;

/// <summary>What to do, under a budget in dollars, with a call to a model whose price is not known.</summary>
public enum UnknownPriceHandling
{
    /// <summary>Let it through at no cost, and note it: the record of the call has the note <c>unpriced</c>.</summary>
    AllowAndCount,

    /// <summary>Refuse it with an <see cref="BudgetPriceMissingException"/>.</summary>
    Refuse,

    /// <summary>Take it to cost <see cref="BudgetOptions.AssumedPrice"/>.</summary>
    AssumePrice,
}
