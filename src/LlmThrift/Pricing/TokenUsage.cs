using Microsoft.Extensions.AI;

namespace LlmThrift.Pricing;

/// <summary>What one or more calls used, in the one shape that prices apply to, whatever the provider reports.</summary>
/// <remarks>
/// Totals include their parts: <see cref="InputTokens"/> counts cached reads, cache writes and every modality,
/// <see cref="OutputTokens"/> counts reasoning. Negative counts become 0. Parts that exceed their total are not an error: each part is
/// billed as reported and what is left of the total is at least 0. Immutable, and safe to share between threads.
/// </remarks>
public sealed record TokenUsage
{
    /// <summary>Nothing used, not even a request: the neutral element of <see cref="Add"/>.</summary>
    public static TokenUsage Empty { get; } = new() { Requests = 0 };

    /// <summary>All input tokens: text, audio, images and video, whether fresh, read from or written to the provider's cache.</summary>
    public long InputTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="InputTokens"/> that was read from the provider's prompt cache, of every modality.</summary>
    public long CachedInputTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="InputTokens"/> that was written to the provider's prompt cache, for however long.</summary>
    public long CacheWriteTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="CacheWriteTokens"/> that was written for one hour; the rest was written for five minutes.</summary>
    public long CacheWrite1hTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>All output tokens, reasoning included.</summary>
    public long OutputTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="OutputTokens"/> that the model spent on reasoning.</summary>
    public long ReasoningTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="OutputTokens"/> that is citations, where a provider counts them.</summary>
    public long CitationTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="InputTokens"/> that is audio.</summary>
    public long InputAudioTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of both <see cref="InputAudioTokens"/> and <see cref="CachedInputTokens"/>: audio read from the cache.</summary>
    public long CachedInputAudioTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="OutputTokens"/> that is audio.</summary>
    public long OutputAudioTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="InputTokens"/> that is images.</summary>
    public long InputImageTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of both <see cref="InputImageTokens"/> and <see cref="CachedInputTokens"/>: images read from the cache.</summary>
    public long CachedInputImageTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="OutputTokens"/> that is images.</summary>
    public long OutputImageTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="InputTokens"/> that is video.</summary>
    public long InputVideoTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>The part of <see cref="OutputTokens"/> that is video.</summary>
    public long OutputVideoTokens
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>How many requests this usage covers. Default: 1.</summary>
    public long Requests
    {
        get;
        init => field = Math.Max(0, value);
    } = 1;

    /// <summary>How many web searches the provider ran and charges for.</summary>
    public long WebSearches
    {
        get;
        init => field = Math.Max(0, value);
    }

    /// <summary>Adds every count; a sum beyond <see cref="long.MaxValue"/> stays there.</summary>
    public static TokenUsage operator +(TokenUsage left, TokenUsage right)
    {
        ArgumentNullException.ThrowIfNull(left);
        return left.Add(right);
    }

    /// <summary>Brings what an <see cref="IChatClient"/> reports for one call into this shape.</summary>
    /// <remarks>
    /// <para>
    /// By the contract of <see cref="UsageDetails"/>, cached tokens are part of the input and reasoning is part of the output. Adapters
    /// that pass on raw counts of Anthropic or Amazon Bedrock (input without cache reads and writes) or Google (output without
    /// thoughts, input without tool-use prompts) are recognised by what the reported total adds up to, by names in
    /// <see cref="UsageDetails.AdditionalCounts"/>, or by parts larger than their whole, and are made to follow the contract.
    /// </para>
    /// <para>
    /// Cache writes, audio, images, video, citations and web searches are read from <see cref="UsageDetails.AdditionalCounts"/>, whatever the
    /// adapter's spelling (<c>CacheCreationInputTokens</c>, <c>cache_creation.ephemeral_1h_input_tokens</c>,
    /// <c>InputTokenDetails.AudioTokenCount</c>, …). Counts that mean nothing to a price are ignored.
    /// </para>
    /// </remarks>
    /// <param name="details">What the provider reported.</param>
    /// <param name="provider">
    /// The provider's name as in <see cref="ChatClientMetadata.ProviderName"/>. It decides only where the counts alone leave it open.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="details"/> is null.</exception>
    public static TokenUsage FromUsageDetails(UsageDetails details, string? provider = null)
    {
        ArgumentNullException.ThrowIfNull(details);
        return UsageNormalizer.Normalize(details, provider);
    }

    /// <summary>The same tokens as if the provider had no prompt cache: cached reads and cache writes become ordinary input.</summary>
    public TokenUsage WithoutProviderCache() =>
        CachedInputTokens == 0
        && CacheWriteTokens == 0
        && CacheWrite1hTokens == 0
        && CachedInputAudioTokens == 0
        && CachedInputImageTokens == 0
            ? this
            : this with
            {
                InputTokens = Math.Max(InputTokens, Sum(CachedInputTokens, CacheWriteTokens)),
                CachedInputTokens = 0,
                CacheWriteTokens = 0,
                CacheWrite1hTokens = 0,
                CachedInputAudioTokens = 0,
                CachedInputImageTokens = 0,
            };

    /// <summary>Adds every count; a sum beyond <see cref="long.MaxValue"/> stays there.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public TokenUsage Add(TokenUsage other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new TokenUsage
        {
            InputTokens = Sum(InputTokens, other.InputTokens),
            CachedInputTokens = Sum(CachedInputTokens, other.CachedInputTokens),
            CacheWriteTokens = Sum(CacheWriteTokens, other.CacheWriteTokens),
            CacheWrite1hTokens = Sum(CacheWrite1hTokens, other.CacheWrite1hTokens),
            OutputTokens = Sum(OutputTokens, other.OutputTokens),
            ReasoningTokens = Sum(ReasoningTokens, other.ReasoningTokens),
            CitationTokens = Sum(CitationTokens, other.CitationTokens),
            InputAudioTokens = Sum(InputAudioTokens, other.InputAudioTokens),
            CachedInputAudioTokens = Sum(CachedInputAudioTokens, other.CachedInputAudioTokens),
            OutputAudioTokens = Sum(OutputAudioTokens, other.OutputAudioTokens),
            InputImageTokens = Sum(InputImageTokens, other.InputImageTokens),
            CachedInputImageTokens = Sum(CachedInputImageTokens, other.CachedInputImageTokens),
            OutputImageTokens = Sum(OutputImageTokens, other.OutputImageTokens),
            InputVideoTokens = Sum(InputVideoTokens, other.InputVideoTokens),
            OutputVideoTokens = Sum(OutputVideoTokens, other.OutputVideoTokens),
            Requests = Sum(Requests, other.Requests),
            WebSearches = Sum(WebSearches, other.WebSearches),
        };
    }

    private static long Sum(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;
}
