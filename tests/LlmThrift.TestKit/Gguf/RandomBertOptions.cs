namespace LlmThrift.TestKit.Gguf;

/// <summary>The size of a <see cref="RandomBertModel"/>. The defaults make some 100,000 parameters.</summary>
public sealed record RandomBertOptions
{
    /// <summary>The same seed yields the same file.</summary>
    public ulong Seed { get; init; } = 1;

    public int Layers { get; init; } = 2;

    /// <summary>Dimensions of an embedding: a multiple of 32.</summary>
    public int Embedding { get; init; } = 64;

    public int Heads { get; init; } = 4;

    /// <summary>Dimensions of the feed-forward network: a multiple of 32.</summary>
    public int FeedForward { get; init; } = 128;

    /// <summary>Tokens.</summary>
    public int Context { get; init; } = 128;

    /// <summary>How the tokens' vectors become one: 0 for not at all, 1 for the mean, 2 for the first, 3 for the last; null for a file that does not say.</summary>
    public uint? Pooling { get; init; } = 1;
}
