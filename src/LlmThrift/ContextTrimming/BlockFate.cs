namespace LlmThrift.ContextTrimming;

/// <summary>What becomes of a part of a conversation.</summary>
public enum BlockFate
{
    /// <summary>Always kept: a system message, the question, the end of the conversation.</summary>
    Pinned,

    /// <summary>Kept as one of the last messages before the question.</summary>
    Recent,

    /// <summary>Kept for what it has to do with the question.</summary>
    Relevant,

    /// <summary>Kept, but shortened.</summary>
    Shortened,

    /// <summary>Left out, and told in the summary that is sent.</summary>
    Summarized,

    /// <summary>Left out.</summary>
    LeftOut,
}
