namespace LlmThrift.SemanticCache;

/// <summary>What becomes of a request with turns before the last question.</summary>
public enum EarlierTurns
{
    /// <summary>It is passed by: what was said before may change what a question means. The default.</summary>
    PassBy,

    /// <summary>It may be served an answer that was given after exactly the same turns.</summary>
    MustBeEqual,
}
