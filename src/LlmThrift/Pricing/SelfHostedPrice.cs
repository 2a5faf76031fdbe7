namespace LlmThrift.Pricing;

/// <summary>What a token costs on hardware that is paid by the hour.</summary>
/// <remarks>
/// USD per million tokens = GPU $/hour ÷ (tokens/s × 3600 × utilisation) × 10⁶. $3/h at 800 tokens/s is $1.04, if the machine is never idle.
/// Immutable and safe to share between threads.
/// </remarks>
public sealed record SelfHostedPrice
{
    /// <param name="gpuUsdPerHour">What the hardware costs, in USD per hour, busy or not. 0 or more.</param>
    /// <param name="tokensPerSecond">How many tokens it processes per second when busy, over all concurrent requests. Above 0.</param>
    /// <param name="utilization">The part of the hour that it is busy, above 0 and up to 1. Default: 1, the best case.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public SelfHostedPrice(decimal gpuUsdPerHour, decimal tokensPerSecond, decimal utilization = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(gpuUsdPerHour);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(utilization);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(utilization, 1);
        GpuUsdPerHour = gpuUsdPerHour;
        TokensPerSecond = tokensPerSecond;
        Utilization = utilization;
    }

    /// <summary>What the hardware costs, in USD per hour.</summary>
    public decimal GpuUsdPerHour { get; }

    /// <summary>Tokens per second when busy.</summary>
    public decimal TokensPerSecond { get; }

    /// <summary>The part of the hour that the hardware is busy, above 0 and up to 1.</summary>
    public decimal Utilization { get; }

    /// <summary>USD per million tokens.</summary>
    public decimal UsdPerMillionTokens => GpuUsdPerHour * 1_000_000m / (TokensPerSecond * 3600m * Utilization);

    /// <summary>The same price for a token in and a token out: what to give to <see cref="PriceBook.With"/>.</summary>
    public ModelPrice ToModelPrice() => new() { Input = UsdPerMillionTokens, Output = UsdPerMillionTokens };
}
