namespace LlmThrift.ContextTrimming;

/// <summary>A summary that is being made, for calls that do not wait for it. Safe for concurrent use.</summary>
internal sealed class LateSummary
{
    private ConversationSummary? _made;

    /// <summary>The summary; null until it is there, and when it failed.</summary>
    public ConversationSummary? Made
    {
        get => Volatile.Read(ref _made);
        set => Volatile.Write(ref _made, value);
    }
}
