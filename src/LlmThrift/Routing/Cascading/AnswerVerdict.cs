namespace LlmThrift.Routing;

/// <summary>What a check says of an answer.</summary>
public enum AnswerVerdict
{
    /// <summary>It has nothing to say: other checks decide.</summary>
    None,

    /// <summary>The answer will do, as far as this check can tell.</summary>
    Accepted,

    /// <summary>The answer will not do: a stronger model is asked.</summary>
    Rejected,
}
