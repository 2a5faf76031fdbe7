using Microsoft.Extensions.AI;

namespace ConsoleReplay.Traffic;

/// <summary>Usage in the terms of Microsoft.Extensions.AI: cached input is a part of the input, reasoning a part of the output.</summary>
internal static class ProviderUsage
{
    /// <summary>The names under which adapters report audio tokens.</summary>
    public const string InputAudio = "InputTokenDetails.AudioTokenCount";

    /// <inheritdoc cref="InputAudio"/>
    public const string OutputAudio = "OutputTokenDetails.AudioTokenCount";

    public static UsageDetails Create(
        long input,
        long output,
        long total,
        long? cachedInput = null,
        long? reasoning = null,
        long? inputAudio = null,
        long? outputAudio = null
    )
    {
        var usage = new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = output,
            TotalTokenCount = total,
            CachedInputTokenCount = cachedInput,
            ReasoningTokenCount = reasoning,
        };
        if (inputAudio > 0)
            (usage.AdditionalCounts ??= [])[InputAudio] = inputAudio.Value;
        if (outputAudio > 0)
            (usage.AdditionalCounts ??= [])[OutputAudio] = outputAudio.Value;
        return usage;
    }
}
