namespace LlmThrift.SemanticCache;

/// <summary>One answer, the latest, and how many questions have it.</summary>
internal sealed class AnswerGroup(string id, CachedAnswer answer)
{
    private CachedAnswer _answer = answer;

    /// <summary>The name of the answer in stores.</summary>
    public string Id { get; } = id;

    public CachedAnswer Answer
    {
        get => Volatile.Read(ref _answer);
        set => Volatile.Write(ref _answer, value);
    }

    /// <summary>Questions that have the answer. Under the lock of <see cref="SemanticEntries"/>.</summary>
    public int Members { get; set; }
}
