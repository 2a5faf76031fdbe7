using LlmThrift.SemanticCache;

namespace LlmThrift.Evaluation.Streams;

/// <summary>A scorer that verifies each pair once: the same pairs come up in stream after stream.</summary>
internal sealed class RememberedScores(IQuestionPairScorer scorer) : IQuestionPairScorer
{
    private readonly Dictionary<(string, string), float> _verified = [];

    public float Score(in QuestionPair pair) => scorer.Score(pair);

    public float Verify(in QuestionPair pair)
    {
        if (!_verified.TryGetValue((pair.Question, pair.CachedQuestion), out var score))
        {
            _verified[(pair.Question, pair.CachedQuestion)] = score = scorer.Verify(pair);
        }

        return score;
    }
}
