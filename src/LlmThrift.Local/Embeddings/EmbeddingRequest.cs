namespace LlmThrift.Local.Embeddings;

/// <summary>Texts whose vectors are asked for at once. Its state belongs to the scheduler.</summary>
internal sealed class EmbeddingRequest(IReadOnlyList<int[]> texts, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<float[][]> _vectors = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly float[][] _results = new float[texts.Count][];
    private int _missing = texts.Count;

    /// <summary>The first text that is in no batch yet.</summary>
    public int Next { get; set; }

    public IReadOnlyList<int[]> Texts => texts;

    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>Whether it ended before its time.</summary>
    public bool IsOver => _vectors.Task.IsCompleted;

    /// <summary>Ends when all vectors are there; fails with what went wrong.</summary>
    public Task<float[][]> Vectors => _vectors.Task;

    public void Set(int text, float[] vector)
    {
        _results[text] = vector;
        if (--_missing == 0)
        {
            _vectors.TrySetResult(_results);
        }
    }

    public void Cancel() => _vectors.TrySetCanceled(cancellationToken);

    public void Fail(Exception problem) => _vectors.TrySetException(problem);
}
