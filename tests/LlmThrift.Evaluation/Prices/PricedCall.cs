using System.Globalization;
using System.Text.Json;
using LlmThrift.Pricing;

namespace LlmThrift.Evaluation.Prices;

/// <summary>One recorded call and the price that an independent library gives it.</summary>
internal sealed record PricedCall(string? Provider, string Model, DateTimeOffset Time, TokenUsage Usage, decimal Input, decimal Output)
{
    /// <exception cref="FormatException">The line is not such a call; the message says why.</exception>
    public static PricedCall Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            return new PricedCall(
                row.GetProperty("provider").GetString(),
                row.GetProperty("model").GetString() ?? throw new FormatException("Its model is null."),
                row.GetProperty("time").GetDateTimeOffset(),
                ParseUsage(row.GetProperty("usage")),
                Money(row.GetProperty("input")),
                Money(row.GetProperty("output"))
            );
        }
        catch (KeyNotFoundException e)
        {
            throw new FormatException("It needs provider, model, time, usage, input and output.", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or OverflowException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static decimal Money(JsonElement value) => decimal.Parse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static TokenUsage ParseUsage(JsonElement usage)
    {
        long Count(string name) => usage.TryGetProperty(name, out var count) ? count.GetInt64() : 0;

        // Text and tool tokens are ordinary input and output to every price; they are in the totals already.
        return new TokenUsage
        {
            InputTokens = Count("input_tokens"),
            CachedInputTokens = Count("cache_read_tokens"),
            CacheWriteTokens = Math.Max(Count("cache_write_tokens"), Count("cache_write_5m_tokens") + Count("cache_write_1h_tokens")),
            CacheWrite1hTokens = Count("cache_write_1h_tokens"),
            OutputTokens = Count("output_tokens"),
            ReasoningTokens = Count("output_reasoning_tokens"),
            CitationTokens = Count("output_citation_tokens"),
            InputAudioTokens = Count("input_audio_tokens"),
            CachedInputAudioTokens = Count("cache_audio_read_tokens"),
            OutputAudioTokens = Count("output_audio_tokens"),
            InputImageTokens = Count("input_image_tokens"),
            CachedInputImageTokens = Count("cache_image_read_tokens"),
            OutputImageTokens = Count("output_image_tokens"),
            InputVideoTokens = Count("input_video_tokens"),
            OutputVideoTokens = Count("output_video_tokens"),
            WebSearches = Count("web_searches"),
        };
    }
}
