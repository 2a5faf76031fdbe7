namespace LlmThrift.Vectors;

/// <summary>A text and its embedding, or why there is none.</summary>
/// <param name="Text">The text.</param>
/// <param name="Vector">Of length one; null when there is a problem.</param>
/// <param name="Problem">A word for the call's notes; null when there is none.</param>
/// <param name="ReportedTokens">What the generator says it was billed for; null when it does not say.</param>
/// <param name="Duration">How long it took.</param>
internal sealed record EmbeddedText(string Text, float[]? Vector, string? Problem, long? ReportedTokens, TimeSpan Duration);
