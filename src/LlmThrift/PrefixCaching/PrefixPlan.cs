namespace LlmThrift.PrefixCaching;

/// <summary>What the history of prefixes says about one request.</summary>
/// <param name="MarkHead">Mark the end of tools and system prompt.</param>
/// <param name="MarkEnd">Mark the end of the stable history.</param>
/// <param name="Live">The index of the longest boundary of the history that the provider still holds; -1 for none.</param>
/// <param name="NewHeads">How many calls of the feature in a row began unlike any of the eight kept before.</param>
internal readonly record struct PrefixPlan(bool MarkHead, bool MarkEnd, int Live, int NewHeads);
