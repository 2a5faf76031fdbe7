namespace LlmThrift.Local.Gguf;

/// <summary>What a model is wanted for.</summary>
internal enum GgufModelUse
{
    /// <summary>It writes text.</summary>
    Text,

    /// <summary>It turns texts into vectors. Models that write text can do that too.</summary>
    Embedding,

    /// <summary>Either: its weights are only read.</summary>
    Any,
}
