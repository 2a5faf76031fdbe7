namespace LlmThrift.Tokens;

/// <summary>A number of tokens, and whether it is an estimate.</summary>
/// <param name="Tokens">The number of tokens, corrected by what the provider has reported for the model before.</param>
/// <param name="IsEstimate">
/// False when the model's tokenizer is public and every part is counted by a published rule; the provider may still add a few tokens of its own.
/// </param>
public readonly record struct TokenCount(int Tokens, bool IsEstimate)
{
    /// <summary>The number of tokens before correction, which <see cref="RequestTokenCounter.Learn"/> compares with what is reported.</summary>
    public int Uncorrected { get; init; } = Tokens;
}
