using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>What a trim came to. Immutable.</summary>
public sealed class TrimmedContext
{
    internal TrimmedContext(
        IReadOnlyList<ChatMessage> messages,
        TrimOutcome outcome,
        int tokensBefore,
        int tokensAfter,
        int budget,
        IReadOnlyList<TrimmedBlock> blocks,
        string? summary
    )
    {
        Messages = messages;
        Outcome = outcome;
        TokensBefore = tokensBefore;
        TokensAfter = tokensAfter;
        Budget = budget;
        Blocks = blocks;
        Summary = summary;
    }

    /// <summary>The messages to send, in their order: the caller's own objects, copies where something was shortened, and the summary where there is one.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

    /// <summary>What was done, or why nothing was.</summary>
    public TrimOutcome Outcome { get; }

    /// <summary>The input tokens of the request as the app sent it, with instructions and tools.</summary>
    public int TokensBefore { get; }

    /// <summary>The input tokens of the request that goes out.</summary>
    public int TokensAfter { get; }

    /// <summary>The most input tokens that were allowed.</summary>
    public int Budget { get; }

    /// <summary>What became of each part of the conversation, and why; empty where nothing was chosen.</summary>
    public IReadOnlyList<TrimmedBlock> Blocks { get; }

    /// <summary>What a model made of messages that are left out, as sent in a message of its own; null for none.</summary>
    public string? Summary { get; }
}
