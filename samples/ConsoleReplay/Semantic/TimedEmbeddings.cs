using Microsoft.Extensions.AI;

namespace ConsoleReplay.Semantic;

/// <summary>Measures how long an embedding generator takes for each request. Safe for concurrent use.</summary>
internal sealed class TimedEmbeddings(IEmbeddingGenerator<string, Embedding<float>> generator, TimeProvider time)
    : DelegatingEmbeddingGenerator<string, Embedding<float>>(generator)
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _times = [];

    public override async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var started = time.GetTimestamp();
        var embeddings = await base.GenerateAsync(values, options, cancellationToken);
        var elapsed = time.GetElapsedTime(started);
        lock (_gate)
        {
            _times.Add(elapsed);
        }

        return embeddings;
    }

    /// <summary>A copy of the times so far.</summary>
    public List<TimeSpan> GetTimes()
    {
        lock (_gate)
        {
            return [.. _times];
        }
    }
}
