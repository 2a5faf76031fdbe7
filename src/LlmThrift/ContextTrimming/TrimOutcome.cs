namespace LlmThrift.ContextTrimming;

/// <summary>What a trim did, or why it did nothing.</summary>
public enum TrimOutcome
{
    /// <summary>The request is within its budget and goes out as it is.</summary>
    WithinBudget,

    /// <summary>Parts were chosen for this question; the others are left out.</summary>
    Trimmed,

    /// <summary>The same parts as in the last call are left out, so that what is sent begins as before.</summary>
    KeptStable,

    /// <summary>The request is over its budget, and goes out as it is: leaving parts out would cost more in lost discount than it saves.</summary>
    Refused,

    /// <summary>What must not be left out is over the budget by itself; all else is left out.</summary>
    PinnedOverBudget,
}
