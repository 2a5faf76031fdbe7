namespace LlmThrift.Routing;

/// <summary>A prompt of the app's, and how good the answers of two tiers to it were: what a <see cref="RoutingPolicy"/> learns from.</summary>
/// <param name="Prompt">The text of the user's last message, as the router will see it.</param>
/// <param name="WeakQuality">How good the weaker tier's answer was, from 0 to 1; where answers are only accepted or not, 1 or 0.</param>
/// <param name="StrongQuality">How good the stronger tier's was.</param>
public sealed record JudgedPrompt(string Prompt, double WeakQuality, double StrongQuality);
