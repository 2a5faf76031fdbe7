namespace LlmThrift.ContextTrimming;

/// <summary>Messages that are kept or left out together.</summary>
internal sealed class ContextBlock(int firstMessage)
{
    /// <summary>Positions of its messages, rising.</summary>
    public List<int> Messages { get; } = [firstMessage];

    public int FirstMessage => Messages[0];

    public bool IsPinned { get; set; }

    public int Tokens { get; set; }
}
