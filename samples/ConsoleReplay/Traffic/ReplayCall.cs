using Microsoft.Extensions.AI;

namespace ConsoleReplay.Traffic;

/// <summary>One call of the traffic, as the app under replay makes it.</summary>
internal sealed record ReplayCall
{
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public required ChatOptions Options { get; init; }

    /// <summary>Whether the app asked for a stream.</summary>
    public bool Stream { get; init; }

    public string? Feature { get; init; }

    public string? Tenant { get; init; }

    public string? User { get; init; }
}
