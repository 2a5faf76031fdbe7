namespace LlmThrift.Local.Generation;

/// <summary>How the next token is chosen from what the model thinks of each.</summary>
/// <param name="Temperature">0: always the likeliest.</param>
/// <param name="TopK">Only the likeliest so many; 0 for all.</param>
/// <param name="TopP">Only the likeliest that come to this probability together; 1 for all.</param>
/// <param name="MinP">Only those that have this share of the likeliest's probability; 0 for all.</param>
/// <param name="RepeatPenalty">Divides the odds of the last 64 tokens; 1 for none.</param>
/// <param name="FrequencyPenalty">Taken from the log-odds of a token as often as it came; 0 for none.</param>
/// <param name="PresencePenalty">Taken from the log-odds of a token that came; 0 for none.</param>
/// <param name="Seed">Of the choice.</param>
/// <param name="Grammar">What the text must match, in llama.cpp's GBNF; null for anything.</param>
internal sealed record SamplingSettings(
    float Temperature,
    int TopK,
    float TopP,
    float MinP,
    float RepeatPenalty,
    float FrequencyPenalty,
    float PresencePenalty,
    uint Seed,
    string? Grammar
)
{
    public bool HasPenalties => RepeatPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0;

    /// <summary>Nothing but the log-odds decides.</summary>
    public bool IsPlainlyGreedy => Temperature <= 0 && !HasPenalties && Grammar is null;
}
