using Microsoft.Extensions.AI;

namespace ConsoleReplay.Recorded;

/// <summary>An answer as a provider once gave it, or as this sample wrote it.</summary>
internal sealed record RecordedAnswer
{
    public required ChatMessage Message { get; init; }

    public ChatFinishReason FinishReason { get; init; } = ChatFinishReason.Stop;

    /// <summary>The usage that the provider reported; null when it is to be counted.</summary>
    public UsageDetails? Usage { get; init; }

    /// <summary>The model that answered, when it is not the one that was asked.</summary>
    public string? ModelId { get; init; }

    /// <summary>Whether the text is made up, because the log holds none.</summary>
    public bool IsSynthetic { get; init; }
}
