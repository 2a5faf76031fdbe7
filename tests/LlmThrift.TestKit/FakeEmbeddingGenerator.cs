using Microsoft.Extensions.AI;

namespace LlmThrift.TestKit;

/// <summary>Embeds a text by its words: each adds to a few dimensions that its letters choose. Equal in every process, and safe for concurrent use.</summary>
public sealed class FakeEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private int _calls;

    public int Dimensions { get; init; } = 256;

    /// <summary>Embeds in place of the words; null to embed by words.</summary>
    public Func<string, float[]>? Script { get; set; }

    /// <summary>When set, every call throws it.</summary>
    public Exception? Failure { get; set; }

    /// <summary>When set, every call waits for it.</summary>
    public Task? Gate { get; set; }

    public EmbeddingGeneratorMetadata Metadata { get; init; } = new("fake", null, "fake-embedding");

    /// <summary>Reports tokens as a remote service does; null reports none.</summary>
    public long? TokensPerCall { get; init; }

    /// <summary>Another service that it answers for: how pairs of questions are scored.</summary>
    public object? Service { get; init; } = new SimilarityScorer();

    public int Calls => Volatile.Read(ref _calls);

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        Interlocked.Increment(ref _calls);
        if (Gate is { } gate)
        {
            await gate.WaitAsync(cancellationToken);
        }

        if (Failure is { } failure)
        {
            throw failure;
        }

        return new GeneratedEmbeddings<Embedding<float>>(values.Select(text => new Embedding<float>((Script ?? ByWords)(text))))
        {
            Usage = TokensPerCall is { } tokens ? new UsageDetails { InputTokenCount = tokens } : null,
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? Metadata
        : serviceType.IsInstanceOfType(Service) ? Service
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() { }

    private float[] ByWords(string text)
    {
        var vector = new float[Dimensions];
        foreach (var word in text.ToUpperInvariant().Split([' ', '?', '.', ',', '!'], StringSplitOptions.RemoveEmptyEntries))
        {
            var hash = 2166136261u;
            foreach (var letter in word)
            {
                hash = (hash ^ letter) * 16777619u;
            }

            for (var part = 0; part < 4; part++)
            {
                // The bits of such a hash are hardly mixed, the low ones least: the finalizer of MurmurHash3 mixes them.
                hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
                hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
                hash ^= (hash >> 16) + (uint)part;
                vector[hash % (uint)Dimensions] += (hash & 0x10000) == 0 ? 1 : -1;
            }
        }

        return vector;
    }
}
