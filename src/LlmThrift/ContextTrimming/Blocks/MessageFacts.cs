namespace LlmThrift.ContextTrimming;

/// <summary>What is found out about a message once: its tokens, and later its embedding.</summary>
internal sealed class MessageFacts(UInt128? fingerprint, int tokens)
{
    private float[]? _vector;

    /// <summary>Of everything in the message that can change an answer, and of the model; null when it has no canonical form.</summary>
    public UInt128? Fingerprint { get; } = fingerprint;

    /// <summary>Its input tokens, with the overhead of a message.</summary>
    public int Tokens { get; } = tokens;

    /// <summary>The embedding, of length one; null until it is there, empty when there is none to be had.</summary>
    public float[]? Vector
    {
        get => Volatile.Read(ref _vector);
        set => Volatile.Write(ref _vector, value);
    }

    /// <summary>Ends when the embedding that was last begun is there or has failed; null before one is begun.</summary>
    public Task? Embedding { get; set; }
}
