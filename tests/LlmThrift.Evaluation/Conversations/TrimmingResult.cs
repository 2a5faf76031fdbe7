namespace LlmThrift.Evaluation.Conversations;

/// <summary>The figures of a file.</summary>
/// <param name="Name">Of the file.</param>
/// <param name="Questions">How many have evidence.</param>
/// <param name="Violations">How often a trim broke a promise.</param>
/// <param name="MillisecondsPerTrim">Median, with embeddings of messages there and that of the question to be made.</param>
/// <param name="MillisecondsWithoutEmbeddings">Median.</param>
/// <param name="TokensPerConversation">Mean.</param>
/// <param name="Budgets">By percentage of the tokens: the mean share of evidence that is kept.</param>
internal sealed record TrimmingResult(
    string Name,
    int Questions,
    int Violations,
    double MillisecondsPerTrim,
    double MillisecondsWithoutEmbeddings,
    double TokensPerConversation,
    IReadOnlyDictionary<int, TrimmingResult.Shares> Budgets
)
{
    public readonly record struct Shares(double Ours, double WithoutEmbeddings, double Bm25, double LastN);
}
