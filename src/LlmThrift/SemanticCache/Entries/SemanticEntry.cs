namespace LlmThrift.SemanticCache;

/// <summary>A question that was answered. All but the group is fixed.</summary>
internal sealed class SemanticEntry(int id, SemanticScope scope, string question, float[] vector, AnswerGroup group)
{
    private AnswerGroup _group = group;
    private QuestionText? _text;
    private int _confirmed;
    private int _contradicted;

    public int Id { get; } = id;

    public SemanticScope Scope { get; } = scope;

    public string Question { get; } = question;

    /// <summary>The question's embedding, of length one.</summary>
    public float[] Vector { get; } = vector;

    /// <summary>The answer, shared with all questions that are known to have it. Changed under the lock of <see cref="SemanticEntries"/>.</summary>
    public AnswerGroup Group
    {
        get => Volatile.Read(ref _group);
        set => Volatile.Write(ref _group, value);
    }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The question taken apart, made when it is first needed.</summary>
    public QuestionText Text => _text ??= QuestionText.Parse(Question);

    /// <summary>How often its surroundings foretold an answer rightly, from 0 to 1; one half when nothing is known.</summary>
    public float Reliability => (_confirmed + 0.5f) / (_confirmed + _contradicted + 1f);

    /// <summary>Takes down whether the neighbours foretold rightly the answer to this question, or to one that this is nearest to.</summary>
    public void Observe(bool wasRight) => Interlocked.Increment(ref wasRight ? ref _confirmed : ref _contradicted);

    /// <summary>Bytes that the entry holds in memory, roughly, its vector twice (here and in the index), without the answer.</summary>
    public int Size => 500 + (6 * Question.Length) + (8 * Vector.Length) + Tags.Sum(tag => 40 + (2 * tag.Length));

    public bool IsServableAt(DateTimeOffset now) => now < ExpiresAt && now < Group.Answer.ExpiresAt;
}
