using LlmThrift.Pricing;

namespace LlmThrift.PrefixCaching;

/// <summary>
/// When a write to the provider's prompt cache pays. With input at price 1, a write costs <c>w</c> and a read <c>r</c>. Every read keeps the
/// entry alive, so a prefix that comes again within its lifetime with probability <c>p</c> is read <c>p / (1 − p)</c> times for one write. The
/// write pays when <c>p / (1 − p) × (1 − r) &gt; w − 1</c>, that is when <c>p &gt; (w − 1) / (w − r)</c>. Pure.
/// </summary>
internal static class PrefixEconomics
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>The probability of reuse above which a write pays; null where reads are no cheaper than input, or the price is not known.</summary>
    /// <param name="price">What the model costs.</param>
    /// <param name="lifetime">How long an entry lives: from one hour on, the price of long-lived writes applies.</param>
    public static double? BreakEven(ModelPrice? price, TimeSpan lifetime)
    {
        if (price is not { Input: { } input and > 0, CachedInput: { } read } || read >= input)
        {
            return null;
        }

        var write = (lifetime >= Hour ? price.CacheWrite1h : null) ?? price.CacheWrite ?? input;
        return write <= input ? 0 : (double)((write - input) / (write - read));
    }

    /// <summary>Whether a write pays at this probability of reuse.</summary>
    public static bool Pays(double reuse, double? breakEven) => breakEven is { } least && reuse > least;
}
