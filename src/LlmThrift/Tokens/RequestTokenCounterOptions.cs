namespace LlmThrift.Tokens;

/// <summary>What a <see cref="RequestTokenCounter"/> counts by.</summary>
public sealed class RequestTokenCounterOptions
{
    /// <summary>
    /// Counters by model: a model whose name begins with a key is counted by its value, and that is no estimate; the longest key wins. Empty by default.
    /// </summary>
    /// <example><c>options.Counters["mistral-"] = TokenCounter.Create(text => tokenizer.CountTokens(text));</c></example>
    public IDictionary<string, ITokenCounter> Counters { get; } = new Dictionary<string, ITokenCounter>(StringComparer.OrdinalIgnoreCase);

    /// <summary>For how many models corrections are kept; beyond, the one that has not been reported on for longest is dropped. Default 256.</summary>
    public int MaximumLearnedModels { get; set; } = 256;
}
