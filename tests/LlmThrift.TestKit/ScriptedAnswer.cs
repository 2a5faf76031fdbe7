using Microsoft.Extensions.AI;

namespace LlmThrift.TestKit;

/// <summary>What a <see cref="ScriptedChatClient"/> answers to one call.</summary>
public sealed record ScriptedAnswer
{
    public IReadOnlyList<string> Chunks { get; init; } = ["Hello", ", ", "world", "."];

    public string ModelId { get; init; } = "gpt-4o";

    public UsageDetails? Usage { get; init; } =
        new()
        {
            InputTokenCount = 100,
            OutputTokenCount = 20,
            TotalTokenCount = 120,
        };

    public ChatFinishReason? FinishReason { get; init; } = ChatFinishReason.Stop;

    /// <summary>Contents that come after the text.</summary>
    public IReadOnlyList<AIContent> MoreContents { get; init; } = [];

    /// <summary>Awaited before anything is answered.</summary>
    public Task? Gate { get; init; }

    /// <summary>Awaited after the first chunk of a stream.</summary>
    public Task? GateAfterFirstChunk { get; init; }

    /// <summary>Thrown after this many chunks of a stream; at once by a call without streaming.</summary>
    public int FailAfterChunks { get; init; }

    public Exception? Failure { get; init; }

    public string Text => string.Concat(Chunks);

    public static ScriptedAnswer Saying(params string[] chunks) => new() { Chunks = chunks };

    public static ScriptedAnswer Failing(Exception failure, int afterChunks = 0) =>
        new() { Failure = failure, FailAfterChunks = afterChunks };
}
