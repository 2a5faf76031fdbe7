namespace LlmThrift.Embeddings;

/// <summary>Options of <see cref="MiniLmEmbeddingGenerator"/>.</summary>
public sealed class MiniLmOptions
{
    /// <summary>
    /// How many threads of the thread pool a batch may use at once. At least 1. Default: the number of processors. A batch of up to 256 tokens in all, such as
    /// one text, always runs on the caller's thread.
    /// </summary>
    public int MaxDegreeOfParallelism { get; set; } = Environment.ProcessorCount;

    internal void Validate()
    {
        if (MaxDegreeOfParallelism < 1)
        {
#pragma warning disable MA0015 // The values come from a delegate: no parameter of ours has their name.
            throw new ArgumentException($"MiniLmOptions.MaxDegreeOfParallelism is {MaxDegreeOfParallelism}: it must be at least 1.");
#pragma warning restore MA0015
        }
    }
}
