namespace LlmThrift.SemanticCache;

/// <summary>The question that a decision is about, and what scores it against those answered before.</summary>
/// <param name="text">The question.</param>
/// <param name="vector">Its embedding, of length one.</param>
/// <param name="scorer">Scores pairs; null to leave candidates as they are.</param>
internal readonly ref struct AskedQuestion(string text, ReadOnlySpan<float> vector = default, IQuestionPairScorer? scorer = null)
{
    /// <summary>More answers than this are not scored: a score takes longer than any other part of a decision.</summary>
    private const int MaxScored = 3;

    private readonly ReadOnlySpan<float> _vector = vector;

    public string Text => text;

    /// <summary>Scores a candidate, the nearest of its answer, unless it has a score or three other answers are nearer.</summary>
    public float Score(Span<Candidate> candidates, int place)
    {
        ref var candidate = ref candidates[place];
        if (scorer is not null && float.IsNaN(candidate.Score) && IsAmongNearestAnswers(candidates[..place]))
        {
            candidate = candidate with { Score = scorer.Score(PairWith(candidate)) };
        }

        return candidate.Score;
    }

    /// <summary>Scores a candidate that may be served with more care, if it has a score.</summary>
    public float Verify(Span<Candidate> candidates, int place)
    {
        ref var candidate = ref candidates[place];
        if (scorer is not null && !float.IsNaN(candidate.Score))
        {
            candidate = candidate with { Score = scorer.Verify(PairWith(candidate)) };
        }

        return candidate.Score;
    }

    /// <summary>Scores the nearest candidate of each of the nearest answers.</summary>
    public void ScoreAll(Span<Candidate> candidates)
    {
        for (var place = 0; place < candidates.Length; place++)
        {
            if (!HasAnswerOf(candidates[..place], candidates[place].Entry.Group))
            {
                Score(candidates, place);
            }
        }
    }

    private QuestionPair PairWith(in Candidate candidate) =>
        new(text, candidate.Entry.Question, _vector, candidate.Entry.Vector, candidate.Similarity);

    private static bool IsAmongNearestAnswers(ReadOnlySpan<Candidate> nearer)
    {
        var answers = 0;
        for (var place = 0; place < nearer.Length && answers < MaxScored; place++)
        {
            answers += HasAnswerOf(nearer[..place], nearer[place].Entry.Group) ? 0 : 1;
        }

        return answers < MaxScored;
    }

    private static bool HasAnswerOf(ReadOnlySpan<Candidate> candidates, AnswerGroup group)
    {
        foreach (ref readonly var candidate in candidates)
        {
            if (candidate.Entry.Group == group)
            {
                return true;
            }
        }

        return false;
    }
}
