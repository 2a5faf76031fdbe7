using LlmThrift.Routing;

namespace Microsoft.Extensions.AI;

/// <summary>Says, for one call, which model is to answer.</summary>
public static class ModelRoutingChatOptionsExtensions
{
    /// <summary>Names the tier that is to answer this call, whatever rules and scores say. A name that there is not fails the call.</summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="tier">The name of the tier; null or empty to leave it to the router.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static ChatOptions WithModelTier(this ChatOptions options, string? tier)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (string.IsNullOrEmpty(tier))
        {
            options.AdditionalProperties?.Remove(RoutingDirectives.Tier);
        }
        else
        {
            (options.AdditionalProperties ??= [])[RoutingDirectives.Tier] = tier;
        }

        return options;
    }
}
