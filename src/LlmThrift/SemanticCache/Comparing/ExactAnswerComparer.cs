using LlmThrift.Internal;

namespace LlmThrift.SemanticCache;

/// <summary>Compares by text.</summary>
internal sealed class ExactAnswerComparer : IAnswerComparer
{
    public ValueTask<bool?> AreSameAsync(AnswerPair pair, CancellationToken cancellationToken) =>
        ValueTask.FromResult<bool?>(AnswerText.AreEqual(pair.Answer, pair.CachedAnswer));
}
