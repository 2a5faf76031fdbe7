namespace LlmThrift.Pricing;

/// <summary>What a token costs on hardware that is paid by the hour, by the kilowatt-hour, or both.</summary>
/// <remarks>
/// <para>
/// USD per million tokens = $/hour ÷ (tokens/s × 3600 × utilisation) × 10⁶. $3/h at 800 tokens/s is $1.04, if the machine is never idle.
/// </para>
/// <para>
/// Prompts are read many times faster than answers are written. With <see cref="InputTokensPerSecond"/>, a token in and a token out each cost the time
/// that they keep the machine busy; without it, they cost the same, and <see cref="TokensPerSecond"/> is that of both together.
/// Speeds are those of the whole machine: at 16 concurrent requests of 50 tokens/s each it is 800.
/// </para>
/// <para>Immutable, compared by value, and safe to share between threads.</para>
/// </remarks>
public sealed record SelfHostedPrice
{
    private const decimal Million = 1_000_000m;
    private const decimal SecondsPerHour = 3600m;

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

    /// <summary>What the hardware costs, in USD per hour, busy or not.</summary>
    public decimal GpuUsdPerHour { get; }

    /// <summary>Tokens per second when busy, over all concurrent requests: output tokens where <see cref="InputTokensPerSecond"/> is set, else tokens of both kinds.</summary>
    public decimal TokensPerSecond { get; }

    /// <summary>The part of the hour that the hardware is busy, above 0 and up to 1.</summary>
    public decimal Utilization { get; }

    /// <summary>
    /// Input tokens per second while it does nothing but read prompts, over all concurrent requests. Above 0. Default: null, a token in takes as long as a token out.
    /// Measured with an app's own prompts, it includes what the engine's prefix cache spares.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is 0 or less.</exception>
    public decimal? InputTokensPerSecond
    {
        get;
        init => field = value is <= 0 ? throw OutOfRange(value, nameof(InputTokensPerSecond), "is above 0") : value;
    }

    /// <summary>What the machine draws when busy, in watts, at the socket. Default: 0, the price per hour includes electricity.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public decimal BusyWatts
    {
        get;
        init => field = value is < 0 ? throw OutOfRange(value, nameof(BusyWatts), "is at least 0") : value;
    }

    /// <summary>What the machine draws when idle, in watts. Default: null, as much as when busy; 0 for one that is switched off.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public decimal? IdleWatts
    {
        get;
        init => field = value is < 0 ? throw OutOfRange(value, nameof(IdleWatts), "is at least 0") : value;
    }

    /// <summary>What electricity costs, in USD per kilowatt-hour. Default: 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public decimal UsdPerKilowattHour
    {
        get;
        init => field = value is < 0 ? throw OutOfRange(value, nameof(UsdPerKilowattHour), "is at least 0") : value;
    }

    /// <summary>What an hour costs at this <see cref="Utilization"/>, in USD: hardware and electricity.</summary>
    public decimal UsdPerHour => IdleUsdPerHour + (BusyUsdPerHour - IdleUsdPerHour) * Utilization;

    /// <summary>USD per million output tokens, and per million of any where <see cref="InputTokensPerSecond"/> is not set.</summary>
    public decimal UsdPerMillionTokens => UsdPerMillion(TokensPerSecond);

    /// <summary>USD per million input tokens.</summary>
    public decimal UsdPerMillionInputTokens => UsdPerMillion(InputTokensPerSecond ?? TokensPerSecond);

    /// <summary>What an hour costs in which the machine does nothing.</summary>
    internal decimal IdleUsdPerHour => GpuUsdPerHour + (IdleWatts ?? BusyWatts) / 1000m * UsdPerKilowattHour;

    /// <summary>What an hour costs in which the machine is never idle.</summary>
    internal decimal BusyUsdPerHour => GpuUsdPerHour + BusyWatts / 1000m * UsdPerKilowattHour;

    /// <summary>
    /// The price of a token in and of a token out: what to give to <see cref="PriceBook.With"/>. Input that the engine had cached costs what other input
    /// costs, until it is given a price: <c>price.ToModelPrice() with { CachedInput = 0 }</c>.
    /// </summary>
    public ModelPrice ToModelPrice() => new() { Input = UsdPerMillionInputTokens, Output = UsdPerMillionTokens };

    private static ArgumentOutOfRangeException OutOfRange(decimal? value, string name, string rule) =>
        new(name, value, $"{name} is {value}; it {rule}.");

    private decimal UsdPerMillion(decimal tokensPerSecond) => UsdPerHour * Million / (tokensPerSecond * SecondsPerHour * Utilization);
}
