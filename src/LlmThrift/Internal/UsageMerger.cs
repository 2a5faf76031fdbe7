using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>Settles the usage of a stream, in which providers report the same counts several times as they grow.</summary>
internal static class UsageMerger
{
    /// <summary>Raises each count of <paramref name="total"/> to that of <paramref name="reported"/>, never adds.</summary>
    public static void RaiseTo(UsageDetails total, UsageDetails reported)
    {
        total.InputTokenCount = Max(total.InputTokenCount, reported.InputTokenCount);
        total.OutputTokenCount = Max(total.OutputTokenCount, reported.OutputTokenCount);
        total.TotalTokenCount = Max(total.TotalTokenCount, reported.TotalTokenCount);
        total.CachedInputTokenCount = Max(total.CachedInputTokenCount, reported.CachedInputTokenCount);
        total.ReasoningTokenCount = Max(total.ReasoningTokenCount, reported.ReasoningTokenCount);
#pragma warning disable MEAI001 // Experimental audio counts: read where present, in no signature of ours.
        total.InputAudioTokenCount = Max(total.InputAudioTokenCount, reported.InputAudioTokenCount);
        total.InputTextTokenCount = Max(total.InputTextTokenCount, reported.InputTextTokenCount);
        total.OutputAudioTokenCount = Max(total.OutputAudioTokenCount, reported.OutputAudioTokenCount);
        total.OutputTextTokenCount = Max(total.OutputTextTokenCount, reported.OutputTextTokenCount);
#pragma warning restore MEAI001
        if (reported.AdditionalCounts is not { Count: > 0 } counts)
        {
            return;
        }

        total.AdditionalCounts ??= [];
        foreach (var (name, count) in counts)
        {
            total.AdditionalCounts[name] = total.AdditionalCounts.TryGetValue(name, out var before) ? Math.Max(before, count) : count;
        }
    }

    private static long? Max(long? a, long? b) => a is { } left && b is { } right ? Math.Max(left, right) : a ?? b;
}
