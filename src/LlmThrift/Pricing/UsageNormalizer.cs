using Microsoft.Extensions.AI;

namespace LlmThrift.Pricing;

/// <summary>Reads a provider's usage as its adapter reports it. Pure.</summary>
internal static class UsageNormalizer
{
    private const int LongestKey = 128;

    public static TokenUsage Normalize(UsageDetails details, string? provider)
    {
        var raw = new RawCounts
        {
            Input = NotNegative(details.InputTokenCount),
            Output = NotNegative(details.OutputTokenCount),
            Cached = NotNegative(details.CachedInputTokenCount),
            Reasoning = NotNegative(details.ReasoningTokenCount),
#pragma warning disable MEAI001 // Experimental properties: read here only, so that nothing experimental shows in a public signature.
            InputAudio = NotNegative(details.InputAudioTokenCount),
            OutputAudio = NotNegative(details.OutputAudioTokenCount),
#pragma warning restore MEAI001
        };

        if (details.AdditionalCounts is { } counts)
        {
            foreach (var (key, count) in counts)
            {
                if (count > 0 && key.Length <= LongestKey)
                {
                    Read(ref raw, key, count);
                }
            }
        }

        // A total of writes may come with its split by lifetime, or only the split.
        var writes = Math.Max(raw.Writes, raw.Writes5m + raw.Writes1h);
        MakeInclusive(ref raw, writes, details.TotalTokenCount, provider);

        return new TokenUsage
        {
            InputTokens = raw.Input,
            CachedInputTokens = raw.Cached,
            CacheWriteTokens = writes,
            CacheWrite1hTokens = raw.Writes1h,
            OutputTokens = raw.Output,
            ReasoningTokens = raw.Reasoning,
            CitationTokens = raw.Citations,
            InputAudioTokens = raw.InputAudio,
            CachedInputAudioTokens = raw.CachedAudio,
            OutputAudioTokens = raw.OutputAudio,
            InputImageTokens = raw.InputImage,
            CachedInputImageTokens = raw.CachedImage,
            OutputImageTokens = raw.OutputImage,
            InputVideoTokens = raw.InputVideo,
            OutputVideoTokens = raw.OutputVideo,
            WebSearches = raw.WebSearches,
        };
    }

    private static long NotNegative(long? count) => Math.Max(0, count ?? 0);

    private static void Read(ref RawCounts raw, string key, long count)
    {
        // "cache_creation.ephemeral_1h_input_tokens" and "CacheCreationEphemeral1hInputTokens" are one name.
        Span<char> buffer = stackalloc char[LongestKey];
        var length = 0;
        foreach (var c in key)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                buffer[length++] = char.ToLowerInvariant(c);
            }
        }

        ReadOnlySpan<char> name = buffer[..length];
        var output = Has(name, "output") || Has(name, "completion") || Has(name, "candidates");

        if (Has(name, "websearch"))
        {
            raw.WebSearches = Math.Max(raw.WebSearches, count);
        }
        else if (Has(name, "cachecreation") || Has(name, "cachewrite") || Has(name, "ephemeral"))
        {
            ref var writes = ref raw.Writes;
            if (Has(name, "1h"))
            {
                writes = ref raw.Writes1h;
            }
            else if (Has(name, "5m"))
            {
                writes = ref raw.Writes5m;
            }

            writes = Math.Max(writes, count);
        }
        else if (
            Has(name, "cacheread")
            || Has(name, "cachedtoken")
            || Has(name, "cachedinput")
            || Has(name, "cachedcontent")
            || Has(name, "cachedprompt")
        )
        {
            if (Has(name, "audio"))
            {
                raw.CachedAudio = Math.Max(raw.CachedAudio, count);
            }
            else if (Has(name, "image"))
            {
                raw.CachedImage = Math.Max(raw.CachedImage, count);
            }
            else if (!Has(name, "text") && !Has(name, "video"))
            {
                // Anthropic's own name for cache reads, in an adapter that did not fill CachedInputTokenCount: its raw shape.
                raw.RawAnthropic |= raw.Cached == 0 && Has(name, "cacheread");
                raw.Cached = Math.Max(raw.Cached, count);
            }
        }
        else if (!Has(name, "token"))
        {
            // Requests, seconds, pages: nothing that is priced by the token.
        }
        else if (Has(name, "reasoning") || Has(name, "thought") || Has(name, "thinking"))
        {
            raw.Reasoning = Math.Max(raw.Reasoning, count);
        }
        else if (Has(name, "citation"))
        {
            raw.Citations = Math.Max(raw.Citations, count);
        }
        else if (Has(name, "tooluse"))
        {
            raw.ToolUse = Math.Max(raw.ToolUse, count);
        }
        else if (Has(name, "audio"))
        {
            ref var audio = ref output ? ref raw.OutputAudio : ref raw.InputAudio;
            audio = Math.Max(audio, count);
        }
        else if (Has(name, "image"))
        {
            ref var image = ref output ? ref raw.OutputImage : ref raw.InputImage;
            image = Math.Max(image, count);
        }
        else if (Has(name, "video"))
        {
            ref var video = ref output ? ref raw.OutputVideo : ref raw.InputVideo;
            video = Math.Max(video, count);
        }
    }

    private static bool Has(ReadOnlySpan<char> name, ReadOnlySpan<char> part) => name.Contains(part, StringComparison.Ordinal);

    private static void MakeInclusive(ref RawCounts raw, long writes, long? total, string? provider)
    {
        var cache = raw.Cached + writes;

        // What the total holds beyond input and output tells which parts the adapter left outside them.
        var gap = (total ?? 0) - raw.Input - raw.Output;
        var addCache = gap > 0 && cache > 0 && (gap == cache || gap == cache + raw.Reasoning);
        var addToolUse = gap > 0 && !addCache && raw.ToolUse > 0 && (gap == raw.ToolUse || gap == raw.ToolUse + raw.Reasoning);
        var addReasoning = gap > 0 && raw.Reasoning > 0 && gap == raw.Reasoning + (addCache ? cache : 0) + (addToolUse ? raw.ToolUse : 0);

        // No total to tell by, or parts that cannot be inside their whole.
        addCache |= cache > raw.Input || (gap <= 0 && raw.RawAnthropic) || (total is null && cache > 0 && IsBedrock(provider));
        addReasoning |= raw.Reasoning > raw.Output;

        raw.Input += (addCache ? cache : 0) + (addToolUse ? raw.ToolUse : 0);
        raw.Output += addReasoning ? raw.Reasoning : 0;
    }

    private static bool IsBedrock(string? provider) => provider?.Contains("bedrock", StringComparison.OrdinalIgnoreCase) == true;

    private struct RawCounts
    {
        public long Input;
        public long Output;
        public long Cached;
        public long CachedAudio;
        public long CachedImage;
        public long Writes;
        public long Writes5m;
        public long Writes1h;
        public long Reasoning;
        public long Citations;
        public long ToolUse;
        public long InputAudio;
        public long OutputAudio;
        public long InputImage;
        public long OutputImage;
        public long InputVideo;
        public long OutputVideo;
        public long WebSearches;
        public bool RawAnthropic;
    }
}
