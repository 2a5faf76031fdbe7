namespace LlmThrift.Internal;

/// <summary>
/// A change that a stage made to the request on its way in, written so that it can be undone when the call is priced:
/// tokens that it took out (below zero: put in), output that other attempts than the last delivered, and the model that was asked for before it
/// chose another.
/// </summary>
internal readonly record struct StageStep(
    string Stage,
    long RemovedInputTokens = 0,
    string? ModelBefore = null,
    string? ProviderBefore = null,
    long RemovedOutputTokens = 0
);
