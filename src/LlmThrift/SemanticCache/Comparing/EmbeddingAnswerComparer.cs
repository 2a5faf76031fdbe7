using System.Runtime.CompilerServices;
using LlmThrift.Internal;
using LlmThrift.Vectors;

namespace LlmThrift.SemanticCache;

/// <summary>Compares by meaning: the embeddings of both answers, and their numbers, which embeddings hardly tell apart.</summary>
internal sealed class EmbeddingAnswerComparer(double threshold) : IBilledAnswerComparer
{
    /// <summary>Vectors of answers, for as long as the answers are kept: an answer that is shared is compared again and again.</summary>
    private readonly ConditionalWeakTable<string, object> _vectors = [];

    public ValueTask<bool?> AreSameAsync(AnswerPair pair, CancellationToken cancellationToken) =>
        ValueTask.FromResult<bool?>(AnswerText.AreEqual(pair.Answer, pair.CachedAnswer) ? true : null);

    public async ValueTask<bool?> AreSameAsync(AnswerPair pair, CallContext ledger, Embedder embedder, CancellationToken cancellationToken)
    {
        if (AnswerText.AreEqual(pair.Answer, pair.CachedAnswer))
        {
            return true;
        }

        if (!AnswerText.HaveSameNumbers(pair.Answer, pair.CachedAnswer))
        {
            return false;
        }

        var vector = await VectorOfAsync(pair.Answer, ledger, embedder, cancellationToken).ConfigureAwait(false);
        var cached = await VectorOfAsync(pair.CachedAnswer, ledger, embedder, cancellationToken).ConfigureAwait(false);
        return vector is null || cached is null ? null : UnitVectors.Dot(vector, cached) >= threshold;
    }

    private async ValueTask<float[]?> VectorOfAsync(
        string answer,
        CallContext ledger,
        Embedder embedder,
        CancellationToken cancellationToken
    )
    {
        if (_vectors.TryGetValue(answer, out var known))
        {
            return (float[])known;
        }

        var embedded = await embedder.Begin(answer).WaitAsync(cancellationToken).ConfigureAwait(false);
        embedder.Bill(embedded, ledger);
        if (embedded.Vector is { } vector)
        {
            _vectors.AddOrUpdate(answer, vector);
        }

        return embedded.Vector;
    }
}
