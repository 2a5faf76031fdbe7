namespace LlmThrift.SemanticCache;

/// <summary>What to do with a question.</summary>
internal enum ServingChoice
{
    /// <summary>Call the model, compare, learn.</summary>
    Explore,

    /// <summary>Replay the answer.</summary>
    Serve,
}
