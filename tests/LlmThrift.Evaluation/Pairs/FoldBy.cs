namespace LlmThrift.Evaluation.Pairs;

/// <summary>What is in one fold only.</summary>
internal enum FoldBy
{
    /// <summary>A question: pairs that share one, even by way of others, stay together.</summary>
    Question,

    /// <summary>A pair, in either order. Its questions may be in others.</summary>
    Pair,
}
