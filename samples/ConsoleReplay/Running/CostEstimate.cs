using ConsoleReplay.Traffic;
using LlmThrift.Pricing;

namespace ConsoleReplay.Running;

/// <summary>What a live replay may cost, before anything is sent. In USD.</summary>
/// <param name="Expected">With answers of the usual length and no call saved.</param>
/// <param name="Most">With answers as long as the calls allow.</param>
/// <param name="UnpricedModels">Models without a known price; their calls are in neither sum.</param>
/// <param name="Unlimited">Calls that set no limit on output tokens, for which <paramref name="Most"/> takes the usual length.</param>
internal sealed record CostEstimate(decimal Expected, decimal Most, IReadOnlyList<string> UnpricedModels, int Unlimited)
{
    /// <param name="calls">The calls that may be sent.</param>
    /// <param name="provider">The provider's name, as prices know it.</param>
    /// <param name="usualOutputTokens">The usual length of an answer.</param>
    /// <param name="cap">The app's own cap on answers; null for none.</param>
    /// <param name="prices">The prices.</param>
    /// <param name="at">The time to price at.</param>
    public static CostEstimate Of(
        IEnumerable<ReplayCall> calls,
        string? provider,
        int usualOutputTokens,
        int? cap,
        PriceBook prices,
        DateTimeOffset at
    )
    {
        var (expected, most, unlimited) = (0m, 0m, 0);
        var unpriced = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var call in calls)
        {
            var model = call.Options.ModelId ?? "";
            var input = Tokens.OfRequest(call.Messages, call.Options, model);
            var limit = call.Options.MaxOutputTokens is { } own && !(own > cap) ? own : cap;
            if (Cost(Math.Min(usualOutputTokens, limit ?? int.MaxValue)) is { } usual && Cost(limit ?? usualOutputTokens) is { } longest)
            {
                expected += usual;
                most += longest;
                unlimited += limit is null ? 1 : 0;
            }
            else
            {
                unpriced.Add(model);
            }

            decimal? Cost(int output) =>
                prices.CostOf(new TokenUsage { InputTokens = input, OutputTokens = output }, model, provider, at)?.Total;
        }

        return new CostEstimate(expected, most, [.. unpriced], unlimited);
    }
}
