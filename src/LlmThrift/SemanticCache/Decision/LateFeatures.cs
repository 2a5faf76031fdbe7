namespace LlmThrift.SemanticCache;

/// <summary>Those of <see cref="ServingFeatures"/> that take longer to find out than the rest.</summary>
[Flags]
internal enum LateFeatures
{
    None = 0,

    /// <summary>The score of the answer that most neighbours have.</summary>
    OwnScore = 1,

    /// <summary>The score of the nearest other answer.</summary>
    OtherScore = 2,

    /// <summary>The share of questions of the answer that differ in nothing.</summary>
    CleanShare = 4,

    All = 7,
}
