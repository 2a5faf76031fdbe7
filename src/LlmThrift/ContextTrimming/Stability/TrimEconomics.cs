using LlmThrift.Pricing;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Weighs a trim against the provider's discount on a repeated beginning. A trim changes what is sent from the first message that is left out, so that all
/// after it is read at the full price once more; each later call then is shorter.
/// </summary>
/// <param name="Fresh">USD per million input tokens that the provider has not seen, the premium for writing its cache included.</param>
/// <param name="Cached">USD per million input tokens that it reads from its cache.</param>
/// <param name="FurtherCalls">How many more calls are expected.</param>
internal readonly record struct TrimEconomics(decimal Fresh, decimal Cached, int FurtherCalls)
{
    /// <summary>Providers cache no shorter beginnings.</summary>
    private const int LeastCached = 1_024;

    public static TrimEconomics At(ModelPrice? price, int furtherCalls)
    {
        if (price?.Input is not { } input)
        {
            return new TrimEconomics(1, 1, furtherCalls);
        }

        var cached = price.CachedInput ?? input;
        return new TrimEconomics(cached < input ? price.CacheWrite ?? input : input, cached, furtherCalls);
    }

    /// <summary>What this call and those that follow cost, in millionths of a USD.</summary>
    /// <param name="tokens">Input tokens of this call.</param>
    /// <param name="repeated">Of these, those at the beginning that the provider has cached.</param>
    public decimal CostOf(int tokens, int repeated)
    {
        var read = repeated >= LeastCached ? Math.Min(repeated, tokens) : 0;
        var later = tokens >= LeastCached ? Cached : Fresh;
        return (read * Cached) + ((tokens - read) * Fresh) + ((decimal)FurtherCalls * tokens * later);
    }
}
