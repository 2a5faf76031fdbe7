namespace LlmThrift.Budgets;

/// <summary>What to try for a call that does not fit into its budgets.</summary>
public enum BudgetFallback
{
    /// <summary>Route the call to a cheaper tier that can serve it. Without model routing there is none.</summary>
    CheaperTier,

    /// <summary>Wait, in a bounded queue, until calls under way give back what they did not need or a window turns.</summary>
    Queue,

    /// <summary>
    /// Serve from the caches only. They are asked before budgets are, so what this changes is the end: in place of an exception the caller gets
    /// <see cref="BudgetOptions.CacheOnlyAnswer"/>, which no cache keeps.
    /// </summary>
    CacheOnly,
}
