using System.Security.Cryptography;
using System.Text;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace LlmThrift.PrefixCaching;

/// <summary>The default form of the prompt cache key.</summary>
internal static class PromptKey
{
    public const string Property = "prompt_cache_key";

    public static string? Of(CallTags tags)
    {
        if (tags is { Tenant: null, Feature: null })
        {
            return null;
        }

        // The length keeps "ab" of "c" apart from "a" of "bc".
        var text = $"{tags.Feature?.Length ?? -1}:{tags.Feature}{tags.Tenant}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }

    public static void SetAsProperty(ChatOptions options, string key) => (options.AdditionalProperties ??= []).TryAdd(Property, key);
}
