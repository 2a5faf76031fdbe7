namespace LlmThrift.Tokens;

/// <summary>Counts the tokens of a text the way one model family does.</summary>
/// <remarks>
/// Implementations must be safe for concurrent use. Any tokenizer fits in one line, see <see cref="TokenCounter.Create"/>.
/// </remarks>
public interface ITokenCounter
{
    /// <summary>Counts the tokens of <paramref name="text"/>. Spellings of special tokens count as ordinary text.</summary>
    /// <param name="text">The text, in UTF-16. Lone surrogates count as U+FFFD.</param>
    /// <returns>The number of tokens, zero for an empty text.</returns>
    int CountTokens(ReadOnlySpan<char> text);
}
