using Microsoft.Extensions.AI;

namespace LlmThrift.Metering;

/// <summary>What is known of a request to a provider when it has ended.</summary>
internal readonly record struct AttemptResult(
    CallOutcome Outcome,
    TimeSpan Duration,
    string? ModelId,
    UsageDetails? Reported,
    IReadOnlyList<AIContent> Delivered
)
{
    public bool HasDelivered => Delivered.Count > 0;

    public static AttemptResult Of(ChatResponse response, TimeSpan duration)
    {
        if (response.Usage is { InputTokenCount: not null, OutputTokenCount: not null })
        {
            return new AttemptResult(CallOutcome.Completed, duration, response.ModelId, response.Usage, []);
        }

        return new AttemptResult(
            CallOutcome.Completed,
            duration,
            response.ModelId,
            response.Usage,
            [.. response.Messages.SelectMany(m => m.Contents)]
        );
    }

    public static AttemptResult Of(CallOutcome outcome, TimeSpan duration) => new(outcome, duration, null, null, []);
}
