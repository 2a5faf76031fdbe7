namespace LlmThrift.Tokens;

/// <summary>How the text of a model is counted.</summary>
/// <param name="EncodingName">The name of the encoding: <c>o200k_base</c> or <c>cl100k_base</c>.</param>
/// <param name="Factor">What the encoding's count is multiplied by; 1 when <paramref name="IsPublic"/>.</param>
/// <param name="IsPublic">Whether this is the model's own encoding. If not, counts are estimates.</param>
public readonly record struct ModelEncoding(string EncodingName, double Factor, bool IsPublic)
{
    /// <summary>The encoding itself, loaded at first use.</summary>
    public BytePairEncoding Encoding =>
        string.Equals(EncodingName, "cl100k_base", StringComparison.Ordinal) ? BytePairEncoding.Cl100kBase : BytePairEncoding.O200kBase;
}
