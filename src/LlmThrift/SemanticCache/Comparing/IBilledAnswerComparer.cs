using LlmThrift.Internal;
using LlmThrift.Vectors;

namespace LlmThrift.SemanticCache;

/// <summary>A comparer that says what it costs.</summary>
internal interface IBilledAnswerComparer : IAnswerComparer
{
    /// <param name="pair">The answers.</param>
    /// <param name="ledger">Takes the costs.</param>
    /// <param name="embedder">The cache's own.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    ValueTask<bool?> AreSameAsync(AnswerPair pair, CallContext ledger, Embedder embedder, CancellationToken cancellationToken);
}
