using System.Globalization;
using LlmThrift.Internal;
using LlmThrift.Metering;

namespace LlmThrift.ExactCache;

/// <summary>Options of the exact cache. Every one has a default that works.</summary>
public sealed class ExactCacheOptions
{
    /// <summary>How long an answer may be served. Default: 24 hours. More than zero.</summary>
    public TimeSpan Expiration { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How many answers the in-process store keeps. Default: 10,000. Not used when the app registers a <c>HybridCache</c>.</summary>
    public int MaxEntries { get; set; } = 10_000;

    /// <summary>How many bytes the in-process store keeps, roughly. Default: 64 MiB. Not used when the app registers a <c>HybridCache</c>.</summary>
    public long MaxBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>
    /// How long a call waits for a store outside of this process (the app's <c>HybridCache</c> or <c>IDistributedCache</c>) before it goes on
    /// without it. A store that made a call wait in vain is then left alone, for two seconds at first and thirty at most. Default: 1 second. More than zero.
    /// </summary>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The highest temperature that may be cached: above it, an app wants another answer each time. Default: 1, which is what most providers
    /// use when none is given. A request with a seed is cached at any temperature.
    /// </summary>
    public float MaxTemperature { get; set; } = 1f;

    /// <summary>
    /// Which callers may share answers: those with an equal partition, and nobody else. Default: those of one tenant
    /// (calls without a tenant share among themselves).
    /// </summary>
    public Func<CallTags, string?> Partition { get; set; } = static tags => tags.Tenant;

    /// <summary>
    /// Names of additional properties (on options, messages and contents) that cannot change the answer, such as a trace id.
    /// Default: none.
    /// </summary>
    public ISet<string> IgnoredProperties { get; } = new HashSet<string>(StringComparer.Ordinal);

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(
            Expiration <= TimeSpan.Zero,
            $"ExactCache.Expiration is {Expiration}: it must be more than zero, such as 01:00:00. To cache nothing, leave the exact cache out."
        );
        problems.AddIf(
            MaxEntries < 1,
            $"ExactCache.MaxEntries is {MaxEntries}: it must be at least 1. To cache nothing, leave the exact cache out."
        );
        problems.AddIf(
            MaxBytes < 1,
            $"ExactCache.MaxBytes is {MaxBytes}: it must be at least 1. To cache nothing, leave the exact cache out."
        );
        problems.AddIf(
            !(MaxTemperature >= 0),
            string.Create(
                CultureInfo.InvariantCulture,
                $"ExactCache.MaxTemperature is {MaxTemperature}: it must be 0 or more; the default is 1."
            )
        );
        problems.AddIf(Partition is null, "ExactCache.Partition is null: it must be a function; _ => null lets all callers share answers.");
    }
}
