namespace LlmThrift.Pricing;

/// <summary>The price of requests whose input is longer than a threshold.</summary>
/// <remarks>
/// The threshold is a cliff, as providers bill it: one token above it, and <b>all</b> tokens of the request, output included, cost
/// <paramref name="Price"/>. At the threshold itself the price below still holds.
/// </remarks>
/// <param name="AboveInputTokens">The total number of input tokens, cached ones included, that must be exceeded.</param>
/// <param name="Price">The whole price list above the threshold; a class that it leaves out is not inherited from the list below.</param>
public sealed record PriceTier(long AboveInputTokens, ModelPrice Price);
