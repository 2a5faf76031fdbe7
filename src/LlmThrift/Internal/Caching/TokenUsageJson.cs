using System.Text.Json;
using LlmThrift.Pricing;

namespace LlmThrift.Internal.Caching;

/// <summary>The stored form of a usage: its counts by name, without the zeros.</summary>
internal static class TokenUsageJson
{
    public static void Write(Utf8JsonWriter json, TokenUsage usage)
    {
        json.WriteStartObject();
        WriteCount(json, nameof(usage.InputTokens), usage.InputTokens);
        WriteCount(json, nameof(usage.CachedInputTokens), usage.CachedInputTokens);
        WriteCount(json, nameof(usage.CacheWriteTokens), usage.CacheWriteTokens);
        WriteCount(json, nameof(usage.CacheWrite1hTokens), usage.CacheWrite1hTokens);
        WriteCount(json, nameof(usage.OutputTokens), usage.OutputTokens);
        WriteCount(json, nameof(usage.ReasoningTokens), usage.ReasoningTokens);
        WriteCount(json, nameof(usage.CitationTokens), usage.CitationTokens);
        WriteCount(json, nameof(usage.InputAudioTokens), usage.InputAudioTokens);
        WriteCount(json, nameof(usage.CachedInputAudioTokens), usage.CachedInputAudioTokens);
        WriteCount(json, nameof(usage.OutputAudioTokens), usage.OutputAudioTokens);
        WriteCount(json, nameof(usage.InputImageTokens), usage.InputImageTokens);
        WriteCount(json, nameof(usage.CachedInputImageTokens), usage.CachedInputImageTokens);
        WriteCount(json, nameof(usage.OutputImageTokens), usage.OutputImageTokens);
        WriteCount(json, nameof(usage.InputVideoTokens), usage.InputVideoTokens);
        WriteCount(json, nameof(usage.OutputVideoTokens), usage.OutputVideoTokens);
        WriteCount(json, nameof(usage.Requests), usage.Requests);
        WriteCount(json, nameof(usage.WebSearches), usage.WebSearches);
        json.WriteEndObject();
    }

    public static TokenUsage Read(JsonElement json) =>
        new()
        {
            InputTokens = Count(json, nameof(TokenUsage.InputTokens)),
            CachedInputTokens = Count(json, nameof(TokenUsage.CachedInputTokens)),
            CacheWriteTokens = Count(json, nameof(TokenUsage.CacheWriteTokens)),
            CacheWrite1hTokens = Count(json, nameof(TokenUsage.CacheWrite1hTokens)),
            OutputTokens = Count(json, nameof(TokenUsage.OutputTokens)),
            ReasoningTokens = Count(json, nameof(TokenUsage.ReasoningTokens)),
            CitationTokens = Count(json, nameof(TokenUsage.CitationTokens)),
            InputAudioTokens = Count(json, nameof(TokenUsage.InputAudioTokens)),
            CachedInputAudioTokens = Count(json, nameof(TokenUsage.CachedInputAudioTokens)),
            OutputAudioTokens = Count(json, nameof(TokenUsage.OutputAudioTokens)),
            InputImageTokens = Count(json, nameof(TokenUsage.InputImageTokens)),
            CachedInputImageTokens = Count(json, nameof(TokenUsage.CachedInputImageTokens)),
            OutputImageTokens = Count(json, nameof(TokenUsage.OutputImageTokens)),
            InputVideoTokens = Count(json, nameof(TokenUsage.InputVideoTokens)),
            OutputVideoTokens = Count(json, nameof(TokenUsage.OutputVideoTokens)),
            Requests = Count(json, nameof(TokenUsage.Requests)),
            WebSearches = Count(json, nameof(TokenUsage.WebSearches)),
        };

    private static void WriteCount(Utf8JsonWriter json, string name, long count)
    {
        if (count != 0)
        {
            json.WriteNumber(name, count);
        }
    }

    private static long Count(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
}
