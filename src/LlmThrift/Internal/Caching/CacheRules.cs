using LlmThrift.Metering;

namespace LlmThrift.Internal.Caching;

/// <summary>Which requests a cache may answer, and who may share its answers.</summary>
internal sealed class CacheRules(float maxTemperature, Func<CallTags, string?> partition, ISet<string> ignoredProperties)
{
    public float MaxTemperature { get; } = maxTemperature;

    public Func<CallTags, string?> Partition { get; } = partition;

    public HashSet<string>? IgnoredProperties { get; } =
        ignoredProperties.Count > 0 ? new HashSet<string>(ignoredProperties, StringComparer.Ordinal) : null;
}
