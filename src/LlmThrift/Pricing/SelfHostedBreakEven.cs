using System.Globalization;

namespace LlmThrift.Pricing;

/// <summary>From which volume on a machine of one's own is cheaper than an API, and what both cost at a volume. Pure; nothing is measured or fetched.</summary>
/// <remarks>
/// <para>
/// The machine costs its hours whether it is busy or not, and electricity for those that it is; the API costs what it is asked. Busy hours = input tokens ÷ input tokens/s
/// + output tokens ÷ output tokens/s, over 3600. The utilisation follows from the volume, so <see cref="SelfHostedPrice.Utilization"/> does not count here.
/// </para>
/// <para>
/// What it takes for granted: both models answer equally well and equally long (an audit tells), and traffic that waits for its turn. Traffic with peaks
/// needs spare capacity: plan with half of <see cref="MaxTokensPerMonth"/> or less. The API's charges per request and its prices for long contexts do not count.
/// </para>
/// <para>Immutable, compared by value, and safe to share between threads.</para>
/// </remarks>
public sealed record SelfHostedBreakEven
{
    private const decimal Million = 1_000_000m;
    private const decimal SecondsPerHour = 3600m;
    private const decimal MostHours = 744m;

    private readonly decimal _fixedUsd;
    private readonly decimal _runningUsdPerMillion;
    private readonly decimal _secondsPerMillion;

    /// <param name="machine">The machine: what an hour of it costs and how fast it is.</param>
    /// <param name="api">What the API's model costs, such as <see cref="PriceBook.Find"/> returns it. It must have a price for input and output.</param>
    /// <param name="inputShare">The part of all tokens that is input, from 0 to 1. A chat over documents has 0.9 and more, writing long texts 0.2.</param>
    /// <param name="cachedInputShare">The part of the input that the API bills at its price for cached input, from 0 to 1. Default: 0.</param>
    /// <param name="hoursPerMonth">The hours that the machine is paid for, above 0 and up to 744. Default: 730, always.</param>
    /// <exception cref="ArgumentNullException"><paramref name="machine"/> or <paramref name="api"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="api"/> has no price for input or for output.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public SelfHostedBreakEven(
        SelfHostedPrice machine,
        ModelPrice api,
        decimal inputShare,
        decimal cachedInputShare = 0,
        decimal hoursPerMonth = 730
    )
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(api);
        ArgumentOutOfRangeException.ThrowIfNegative(inputShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputShare, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(cachedInputShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cachedInputShare, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hoursPerMonth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hoursPerMonth, MostHours);
        if (api is not { Input: { } input, Output: { } output })
        {
            throw new ArgumentException("The API's price lacks input or output: set both, 0 for what is free.", nameof(api));
        }

        (Machine, Api, InputShare, CachedInputShare, HoursPerMonth) = (machine, api, inputShare, cachedInputShare, hoursPerMonth);
        var inputPrice = input + ((api.CachedInput ?? input) - input) * cachedInputShare;
        ApiUsdPerMillionTokens = inputPrice * inputShare + output * (1 - inputShare);

        // By the million: so round speeds make round hours.
        var secondsPerMillion =
            inputShare * Million / (machine.InputTokensPerSecond ?? machine.TokensPerSecond)
            + (1 - inputShare) * Million / machine.TokensPerSecond;
        MaxTokensPerMonth = (long)(hoursPerMonth * SecondsPerHour * Million / secondsPerMillion);
        _secondsPerMillion = secondsPerMillion;
        _fixedUsd = machine.IdleUsdPerHour * hoursPerMonth;
        _runningUsdPerMillion = (machine.BusyUsdPerHour - machine.IdleUsdPerHour) * secondsPerMillion / SecondsPerHour;
        MachineUsdPerMillionTokens = machine.BusyUsdPerHour * secondsPerMillion / SecondsPerHour;
        TokensPerMonth = BreakEven();
    }

    /// <summary>The machine.</summary>
    public SelfHostedPrice Machine { get; }

    /// <summary>What the API's model costs.</summary>
    public ModelPrice Api { get; }

    /// <summary>The part of all tokens that is input, from 0 to 1.</summary>
    public decimal InputShare { get; }

    /// <summary>The part of the input that the API bills as cached, from 0 to 1.</summary>
    public decimal CachedInputShare { get; }

    /// <summary>The hours a month that the machine is paid for.</summary>
    public decimal HoursPerMonth { get; }

    /// <summary>What the API charges for a million tokens of this mix, in USD.</summary>
    public decimal ApiUsdPerMillionTokens { get; }

    /// <summary>What a million tokens of this mix cost on a machine that is never idle, in USD: the least that it can be.</summary>
    public decimal MachineUsdPerMillionTokens { get; }

    /// <summary>The tokens of this mix that one machine processes in a month when it is never idle.</summary>
    public long MaxTokensPerMonth { get; }

    /// <summary>
    /// The tokens a month, input and output together, from which on the machine costs no more than the API. Null when the API is cheaper even than a machine that is never idle.
    /// </summary>
    public long? TokensPerMonth { get; }

    /// <summary>How busy the machine is at <see cref="TokensPerMonth"/>, from 0 to 1; null when that is.</summary>
    public decimal? Utilization => TokensPerMonth is { } tokens ? Math.Min(1, BusyHours(tokens) / HoursPerMonth) : null;

    /// <summary>What both cost at a volume.</summary>
    /// <param name="tokensPerMonth">Tokens a month, input and output together. 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tokensPerMonth"/> is negative.</exception>
    public SelfHostedComparison At(long tokensPerMonth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokensPerMonth);
        // One is paid for even when nothing is asked of it.
        var machines = Math.Max(1, decimal.Ceiling(tokensPerMonth / (decimal)Math.Max(1, MaxTokensPerMonth)));
        return new SelfHostedComparison
        {
            TokensPerMonth = tokensPerMonth,
            Machines = (long)machines,
            Utilization = Math.Min(1, BusyHours(tokensPerMonth) / (HoursPerMonth * machines)),
            MachineUsd = _fixedUsd * machines + _runningUsdPerMillion * tokensPerMonth / Million,
            ApiUsd = ApiUsdPerMillionTokens * tokensPerMonth / Million,
        };
    }

    /// <summary>The answer in two sentences.</summary>
    public override string ToString()
    {
        var mix = Invariant($"the API ${ApiUsdPerMillionTokens:N2} per million tokens ({InputShare:P0} input)");
        return TokensPerMonth is { } tokens
            ? Invariant($"The machine costs ${_fixedUsd:N2} a month, {mix}. ")
                + Invariant(
                    $"The machine is cheaper from {Volume(tokens)} tokens a month on, when it is {Utilization:P0} busy; it processes {Volume(MaxTokensPerMonth)} at most."
                )
            : Invariant($"The machine costs ${MachineUsdPerMillionTokens:N2} per million tokens when it is never idle, {mix}. ")
                + "The API is cheaper at every volume.";
    }

    internal static string Volume(long tokens) =>
        tokens switch
        {
            >= 1_000_000_000 => Invariant($"{tokens / 1_000_000_000m:N2} billion"),
            >= 1_000_000 => Invariant($"{tokens / 1_000_000m:N1} million"),
            _ => Invariant($"{tokens:N0}"),
        };

    internal static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private decimal BusyHours(long tokens) => _secondsPerMillion * tokens / (Million * SecondsPerHour);

    /// <summary>
    /// One machine: fixed + running × volume = API × volume. Where that needs more than one machine can do, more machines need as much more,
    /// and the API is cheaper at every volume.
    /// </summary>
    private long? BreakEven()
    {
        var saved = ApiUsdPerMillionTokens - _runningUsdPerMillion;
        if (saved <= 0 || saved * MaxTokensPerMonth / Million < _fixedUsd)
        {
            return null;
        }

        return (long)decimal.Ceiling(_fixedUsd * Million / saved);
    }
}
