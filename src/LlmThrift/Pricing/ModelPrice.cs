namespace LlmThrift.Pricing;

/// <summary>What a model costs, by class of token, in USD per million tokens.</summary>
/// <remarks>
/// <para>
/// A class that is null has no price of its own and costs what its whole costs: cached input falls back to <see cref="Input"/>, reasoning to
/// <see cref="Output"/>. What falls back to a null <see cref="Input"/> or <see cref="Output"/> is unpriced, and so is then the cost; 0 means free.
/// </para>
/// <para>Immutable, compared by value, and safe to share between threads. A negative price, or one above a billion, throws <see cref="ArgumentOutOfRangeException"/>.</para>
/// </remarks>
public sealed record ModelPrice
{
    /// <summary>The dearest price that is taken for one. It keeps every product with a token count inside a decimal.</summary>
    internal const decimal Highest = 1_000_000_000m;

    private const decimal Million = 1_000_000m;

    /// <summary>No charge for any token.</summary>
    public static ModelPrice Free { get; } = new() { Input = 0, Output = 0 };

    /// <summary>USD per million input tokens that no other class prices.</summary>
    public decimal? Input
    {
        get;
        init => field = InRange(value, nameof(Input));
    }

    /// <summary>USD per million input tokens read from the provider's prompt cache. When null, they cost what other input costs.</summary>
    public decimal? CachedInput
    {
        get;
        init => field = InRange(value, nameof(CachedInput));
    }

    /// <summary>USD per million input tokens written to the provider's prompt cache. When null, they cost what other input costs.</summary>
    public decimal? CacheWrite
    {
        get;
        init => field = InRange(value, nameof(CacheWrite));
    }

    /// <summary>USD per million input tokens written to the prompt cache for one hour. When null, they cost <see cref="CacheWrite"/>.</summary>
    public decimal? CacheWrite1h
    {
        get;
        init => field = InRange(value, nameof(CacheWrite1h));
    }

    /// <summary>USD per million output tokens that no other class prices.</summary>
    public decimal? Output
    {
        get;
        init => field = InRange(value, nameof(Output));
    }

    /// <summary>USD per million reasoning tokens. When null, they cost <see cref="Output"/>.</summary>
    public decimal? Reasoning
    {
        get;
        init => field = InRange(value, nameof(Reasoning));
    }

    /// <summary>USD per million citation tokens. When null, they cost <see cref="Output"/>.</summary>
    public decimal? Citation
    {
        get;
        init => field = InRange(value, nameof(Citation));
    }

    /// <summary>USD per million audio in the input. When null, it costs what other input costs.</summary>
    public decimal? InputAudio
    {
        get;
        init => field = InRange(value, nameof(InputAudio));
    }

    /// <summary>USD per million audio read from the prompt cache. When null, it costs <see cref="CachedInput"/>.</summary>
    public decimal? CachedInputAudio
    {
        get;
        init => field = InRange(value, nameof(CachedInputAudio));
    }

    /// <summary>USD per million audio in the output. When null, it costs <see cref="Output"/>.</summary>
    public decimal? OutputAudio
    {
        get;
        init => field = InRange(value, nameof(OutputAudio));
    }

    /// <summary>USD per million images in the input. When null, they cost what other input costs.</summary>
    public decimal? InputImage
    {
        get;
        init => field = InRange(value, nameof(InputImage));
    }

    /// <summary>USD per million images read from the prompt cache. When null, they cost <see cref="CachedInput"/>.</summary>
    public decimal? CachedInputImage
    {
        get;
        init => field = InRange(value, nameof(CachedInputImage));
    }

    /// <summary>USD per million images in the output. When null, they cost <see cref="Output"/>.</summary>
    public decimal? OutputImage
    {
        get;
        init => field = InRange(value, nameof(OutputImage));
    }

    /// <summary>USD per million video in the input. When null, it costs what other input costs.</summary>
    public decimal? InputVideo
    {
        get;
        init => field = InRange(value, nameof(InputVideo));
    }

    /// <summary>USD per million video in the output. When null, it costs <see cref="Output"/>.</summary>
    public decimal? OutputVideo
    {
        get;
        init => field = InRange(value, nameof(OutputVideo));
    }

    /// <summary>USD for each request, on top of its tokens. When null, requests as such are free.</summary>
    public decimal? PerRequest
    {
        get;
        init => field = InRange(value, nameof(PerRequest));
    }

    /// <summary>USD for each web search that the provider runs. When null, a usage with web searches is unpriced.</summary>
    public decimal? PerWebSearch
    {
        get;
        init => field = InRange(value, nameof(PerWebSearch));
    }

    /// <summary>The price of requests with longer input, which may in turn name the next longer one. Null: one price for all lengths.</summary>
    public PriceTier? LongContext { get; init; }

    /// <summary>The price of <see cref="ServiceTier.Batch"/>; null when not known.</summary>
    public ModelPrice? Batch { get; init; }

    /// <summary>The price of <see cref="ServiceTier.Flex"/>; null when not known.</summary>
    public ModelPrice? Flex { get; init; }

    /// <summary>The price of <see cref="ServiceTier.Priority"/>; null when not known.</summary>
    public ModelPrice? Priority { get; init; }

    /// <summary>The most tokens that the model accepts; null when not known. It has no bearing on the price.</summary>
    public int? ContextWindow { get; init; }

    /// <summary>What a usage costs in USD.</summary>
    /// <returns>Null when a class of token in the usage, or the service tier, has no known price: never a guess, never zero.</returns>
    /// <remarks>
    /// <see cref="LongContext"/> is chosen by the input of the whole usage, so price calls one by one before adding up their costs.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="usage"/> is null.</exception>
    public Cost? CostOf(TokenUsage usage, ServiceTier tier = ServiceTier.Standard)
    {
        ArgumentNullException.ThrowIfNull(usage);
        var price = tier switch
        {
            ServiceTier.Standard => this,
            ServiceTier.Batch => Batch,
            ServiceTier.Flex => Flex,
            ServiceTier.Priority => Priority,
            _ => null,
        };

        while (price?.LongContext is { } longer && usage.InputTokens > longer.AboveInputTokens)
        {
            price = longer.Price;
        }

        return price?.CostWithinTier(usage);
    }

    /// <summary>This price with every token class multiplied: how a discount for batches is written down.</summary>
    internal ModelPrice Scaled(decimal factor) =>
        this with
        {
            Input = Input * factor,
            CachedInput = CachedInput * factor,
            CacheWrite = CacheWrite * factor,
            CacheWrite1h = CacheWrite1h * factor,
            Output = Output * factor,
            Reasoning = Reasoning * factor,
            Citation = Citation * factor,
            InputAudio = InputAudio * factor,
            CachedInputAudio = CachedInputAudio * factor,
            OutputAudio = OutputAudio * factor,
            InputImage = InputImage * factor,
            CachedInputImage = CachedInputImage * factor,
            OutputImage = OutputImage * factor,
            InputVideo = InputVideo * factor,
            OutputVideo = OutputVideo * factor,
            LongContext = LongContext is { } longer ? longer with { Price = longer.Price.Scaled(factor) } : null,
            Batch = null,
            Flex = null,
            Priority = null,
        };

    private static decimal? InRange(decimal? price, string name) =>
        price is < 0 or > Highest
            ? throw new ArgumentOutOfRangeException(
                name,
                price,
                $"{name} is {price}; a price is at least 0 (free) and at most {Highest}. Leave it null when it is not known."
            )
            : price;

    // A part with a price of its own is taken out of its whole and billed apart; a part without one stays in. The order, most specific
    // first, and the arithmetic are those of the open price list genai-prices, so that both give the same sums.
    private Cost? CostWithinTier(TokenUsage usage)
    {
        decimal input = 0;
        decimal output = 0;

        var cachedAudio = Bill(CachedInputAudio, usage.CachedInputAudioTokens, ref input);
        var cachedImage = Bill(CachedInputImage, usage.CachedInputImageTokens, ref input);
        var written1h = Bill(CacheWrite1h, usage.CacheWrite1hTokens, ref input);
        var cached = Bill(CachedInput, usage.CachedInputTokens - cachedAudio - cachedImage, ref input);
        var written = Bill(CacheWrite, usage.CacheWriteTokens - written1h, ref input);

        // Cached audio without a price of its own went with the cached tokens, if these have one.
        var audioInCached = CachedInput is null ? cachedAudio : Math.Min(usage.CachedInputAudioTokens, cached + cachedAudio);
        var imageInCached = CachedInput is null ? cachedImage : Math.Min(usage.CachedInputImageTokens, cached + cachedImage);
        var audio = Bill(InputAudio, usage.InputAudioTokens - audioInCached, ref input);
        var image = Bill(InputImage, usage.InputImageTokens - imageInCached, ref input);
        var video = Bill(InputVideo, usage.InputVideoTokens, ref input);
        var freshInput = usage.InputTokens - cachedAudio - cachedImage - written1h - cached - written - audio - image - video;

        var reasoning = Bill(Reasoning, usage.ReasoningTokens, ref output);
        var citations = Bill(Citation, usage.CitationTokens, ref output);
        var outputAudio = Bill(OutputAudio, usage.OutputAudioTokens, ref output);
        var outputImage = Bill(OutputImage, usage.OutputImageTokens, ref output);
        var outputVideo = Bill(OutputVideo, usage.OutputVideoTokens, ref output);
        var freshOutput = usage.OutputTokens - reasoning - citations - outputAudio - outputImage - outputVideo;

        if ((freshInput > 0 && Input is null) || (freshOutput > 0 && Output is null) || (usage.WebSearches > 0 && PerWebSearch is null))
        {
            return null;
        }

        Bill(Input, freshInput, ref input);
        Bill(Output, freshOutput, ref output);
        return new Cost(input / Million, output / Million, (PerRequest ?? 0) * usage.Requests + (PerWebSearch ?? 0) * usage.WebSearches);
    }

    /// <summary>Adds tokens × price to <paramref name="sum"/> and returns how many tokens that took care of.</summary>
    private static long Bill(decimal? price, long tokens, ref decimal sum)
    {
        if (price is not { } each || tokens <= 0)
        {
            return 0;
        }

        sum += each * tokens;
        return tokens;
    }
}
