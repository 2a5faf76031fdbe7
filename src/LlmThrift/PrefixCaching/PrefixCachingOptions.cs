using LlmThrift.Internal;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace LlmThrift.PrefixCaching;

/// <summary>Options of prefix caching: what makes a provider's discount on repeated input come about.</summary>
public sealed class PrefixCachingOptions
{
    /// <summary>
    /// Whether functions are sent in the order of their names (ordinal), so that the order in which an app happens to collect them does not break
    /// the prefix. Other tools follow, in their own order. Default: true.
    /// </summary>
    public bool SortTools { get; set; } = true;

    /// <summary>
    /// Marks a content as the end of a prefix that the provider is to cache, for providers that want to be told where. Default: null, no marks.
    /// With the package Anthropic: <c>o.MarkBreakpoint = content =&gt; content.WithCacheControl(Ttl.Ttl5m)</c>. It is handed a copy that it may change, and is
    /// called concurrently. If it throws, the request goes out without marks.
    /// </summary>
    public Func<AIContent, AIContent>? MarkBreakpoint { get; set; }

    /// <summary>How many breakpoints a request may have. Default: 4, the most that Anthropic takes. At least 1.</summary>
    public int MaxBreakpoints { get; set; } = 4;

    /// <summary>How many tokens a prefix must have for the provider to cache it. Default: 1,024. At least 0.</summary>
    public int MinPrefixTokens { get; set; } = 1_024;

    /// <summary>
    /// The same for models whose name begins with a key, in place of <see cref="MinPrefixTokens"/>; the longest key wins.
    /// Default, as Anthropic documented it in August 2026: <c>claude-haiku-4-5</c>, <c>claude-opus-4-5</c> and <c>claude-opus-4-6</c> 4,096; <c>claude-opus-4-7</c>,
    /// <c>claude-3-5-haiku</c> and <c>claude-3-haiku</c> 2,048; <c>claude-opus-5</c>, <c>claude-fable-5</c> and <c>claude-mythos-5</c> 512. At least 0 each.
    /// </summary>
    public IDictionary<string, int> MinPrefixTokensByModel { get; } =
        new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)
        {
            ["claude-haiku-4-5"] = 4_096,
            ["claude-opus-4-5"] = 4_096,
            ["claude-opus-4-6"] = 4_096,
            ["claude-opus-4-7"] = 2_048,
            ["claude-opus-5"] = 512,
            ["claude-fable-5"] = 512,
            ["claude-mythos-5"] = 512,
            ["claude-3-5-haiku"] = 2_048,
            ["claude-3-haiku"] = 2_048,
        };

    /// <summary>
    /// How long the provider keeps a prefix after it was last used. Default: 5 minutes. More than zero. From 1 hour on, writes are reckoned at the
    /// price of long-lived ones; then let <see cref="MarkBreakpoint"/> ask for that too.
    /// </summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The key by which a provider brings requests of one prefix to one machine (OpenAI: <c>prompt_cache_key</c>); null for a call without one.
    /// Default: null, no key is set. <see cref="DefaultPromptCacheKey"/> is one to take. It must be thread-safe; if it throws, no key is set.
    /// </summary>
    public Func<CallTags, string?>? PromptCacheKey { get; set; }

    /// <summary>
    /// Writes the key into the options of a call, which are a copy. Default: as the additional property <c>prompt_cache_key</c>, unless there is one.
    /// Give it a function of your own where your adapter wants the key elsewhere.
    /// </summary>
    public Action<ChatOptions, string> SetPromptCacheKey { get; set; } = PromptKey.SetAsProperty;

    /// <summary>
    /// A key for each tenant and feature: 32 hexadecimal digits of a SHA-256, so that no name leaves the house. Null for a call with neither.
    /// </summary>
    /// <param name="tags">The tags of the call.</param>
    /// <returns>The key, 32 characters, the same in every process.</returns>
    public static string? DefaultPromptCacheKey(CallTags tags) => PromptKey.Of(tags);

    internal int MinTokensOf(string? model)
    {
        var (longest, tokens) = (0, MinPrefixTokens);
        foreach (var (beginning, least) in MinPrefixTokensByModel)
        {
            if (beginning.Length > longest && model?.StartsWith(beginning, StringComparison.OrdinalIgnoreCase) == true)
            {
                (longest, tokens) = (beginning.Length, least);
            }
        }

        return tokens;
    }

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(
            MaxBreakpoints < 1,
            $"PrefixCaching.MaxBreakpoints is {MaxBreakpoints}: it must be at least 1. To mark nothing, leave MarkBreakpoint null."
        );
        problems.AddIf(MinPrefixTokens < 0, $"PrefixCaching.MinPrefixTokens is {MinPrefixTokens}: it must be 0 or more.");
        foreach (var (model, tokens) in MinPrefixTokensByModel)
        {
            problems.AddIf(tokens < 0, $"PrefixCaching.MinPrefixTokensByModel[\"{model}\"] is {tokens}: it must be 0 or more.");
        }

        problems.AddIf(Lifetime <= TimeSpan.Zero, $"PrefixCaching.Lifetime is {Lifetime}: it must be more than zero, such as 00:05:00.");
        problems.AddIf(SetPromptCacheKey is null, "PrefixCaching.SetPromptCacheKey is null: to set no key, leave PromptCacheKey null.");
    }
}
