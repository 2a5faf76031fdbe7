namespace LlmThrift.TestKit.Gguf;

/// <summary>The size of a <see cref="RandomLlamaModel"/>. The defaults make some 300,000 parameters, 1.2 MB.</summary>
public sealed record RandomLlamaOptions
{
    /// <summary>The same seed yields the same file.</summary>
    public ulong Seed { get; init; } = 1;

    public int Layers { get; init; } = 5;

    /// <summary>Dimensions of an embedding: a multiple of 32; of 256 for the k-quants, such as Q4_K.</summary>
    public int Embedding { get; init; } = 64;

    public int Heads { get; init; } = 8;

    /// <summary>Heads of keys and values; divides <see cref="Heads"/>.</summary>
    public int KeyHeads { get; init; } = 4;

    /// <summary>Dimensions of the feed-forward network: a multiple of 32; of 256 for the k-quants.</summary>
    public int FeedForward { get; init; } = 192;

    /// <summary>Tokens.</summary>
    public int Context { get; init; } = 512;

    /// <summary>Tokens, at least 512.</summary>
    public int Vocabulary { get; init; } = 512;

    /// <summary>Weights are uniform between plus and minus this by the square root of the row's length. The higher, the surer the model is of its tokens.</summary>
    public float Scale { get; init; } = 1.7f;

    /// <summary>Whether matrices are 16-bit floats rather than 32-bit ones.</summary>
    public bool Half { get; init; }

    /// <summary>Whether the output matrix is that of the token embeddings.</summary>
    public bool TiedOutput { get; init; }

    /// <summary>Feed-forward networks of each layer, of which every token goes to two; 0 for one that all go to.</summary>
    public int Experts { get; init; }

    /// <summary>The Jinja template of chats; null for none.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>The Jinja template of chats with tools, beside the other; null for none.</summary>
    public string? ToolTemplate { get; init; }

    /// <summary>Names of control tokens, which take the last places of the vocabulary.</summary>
    public IReadOnlyList<string> ControlTokens { get; init; } = [];

    /// <summary>Some 25 million parameters that any k-quant can hold, for measurements of throughput.</summary>
    public static RandomLlamaOptions Medium { get; } =
        new()
        {
            Layers = 8,
            Embedding = 512,
            Heads = 8,
            KeyHeads = 4,
            FeedForward = 1536,
            Context = 2048,
            Vocabulary = 2048,
            Half = true,
        };

    /// <summary>Some 187 million parameters, more than a processor's caches hold.</summary>
    public static RandomLlamaOptions Large { get; } = Medium with { Layers = 12, Embedding = 1024, Heads = 16, FeedForward = 4096 };
}
