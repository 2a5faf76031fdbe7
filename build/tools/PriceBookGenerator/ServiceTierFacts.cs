using System.Text.Json.Nodes;

namespace PriceBookGenerator;

/// <summary>
/// What batch, flex and priority cost as a factor of the list price, where every class of token has the same factor. The price list does not have
/// it. Only what the providers publish; a model that is not here has no known price in those tiers.
/// </summary>
internal static class ServiceTierFacts
{
    // https://platform.claude.com/docs/en/about-claude/pricing#batch-processing: half of the standard price, caching multipliers included.
    private static readonly string[] s_anthropicBatch = ["claude-3", "claude-opus-4", "claude-sonnet-4", "claude-haiku-4"];

    // https://platform.openai.com/docs/pricing, tabs Batch, Flex and Priority.
    private static readonly Dictionary<string, (decimal? Batch, decimal? Flex, decimal? Priority)> s_openAi = new(StringComparer.Ordinal)
    {
        ["gpt-5"] = (0.5m, 0.5m, 2m),
        ["gpt-5-mini"] = (0.5m, 0.5m, 1.8m),
        ["gpt-5-nano"] = (0.5m, 0.5m, null),
        ["o3"] = (null, 0.5m, 1.75m),
        ["o4-mini"] = (null, 0.5m, null),
    };

    public static JsonObject? Of(string provider, string model)
    {
        if (string.Equals(provider, "anthropic", StringComparison.Ordinal))
        {
            return s_anthropicBatch.Any(prefix => model.StartsWith(prefix, StringComparison.Ordinal))
                ? new JsonObject { ["batch"] = 0.5m }
                : null;
        }

        if (!string.Equals(provider, "openai", StringComparison.Ordinal) || !s_openAi.TryGetValue(model, out var factors))
        {
            return null;
        }

        var tiers = new JsonObject();
        foreach (var (name, factor) in new[] { ("batch", factors.Batch), ("flex", factors.Flex), ("priority", factors.Priority) })
        {
            if (factor is { } known)
            {
                tiers[name] = known;
            }
        }

        return tiers;
    }
}
