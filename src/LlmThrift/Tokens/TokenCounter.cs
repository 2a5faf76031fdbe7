namespace LlmThrift.Tokens;

/// <summary>Makes token counters out of other libraries' tokenizers.</summary>
public static class TokenCounter
{
    /// <summary>Counts the tokens of a text.</summary>
    /// <param name="text">The text to count.</param>
    /// <returns>The number of tokens.</returns>
    public delegate int CountFunction(ReadOnlySpan<char> text);

    /// <summary>Wraps a counting function as an <see cref="ITokenCounter"/>.</summary>
    /// <param name="count">The function; it must be safe for concurrent use.</param>
    /// <returns>The counter.</returns>
    /// <example><c>TokenCounter.Create(text => tokenizer.CountTokens(text))</c> takes a tokenizer of Microsoft.ML.Tokenizers.</example>
    /// <exception cref="ArgumentNullException"><paramref name="count"/> is null.</exception>
    public static ITokenCounter Create(CountFunction count)
    {
        ArgumentNullException.ThrowIfNull(count);
        return new FunctionTokenCounter(count);
    }

    private sealed class FunctionTokenCounter(CountFunction count) : ITokenCounter
    {
        public int CountTokens(ReadOnlySpan<char> text) => count(text);
    }
}
