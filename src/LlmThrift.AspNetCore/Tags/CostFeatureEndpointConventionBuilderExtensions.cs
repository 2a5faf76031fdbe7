using LlmThrift.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says what the calls of an endpoint are for.</summary>
public static class CostFeatureEndpointConventionBuilderExtensions
{
    /// <summary>Names the part of the product: the calls made in these endpoints carry it as their feature, unless they say another one themselves.</summary>
    /// <typeparam name="TBuilder">The kind of endpoints.</typeparam>
    /// <param name="builder">The endpoints.</param>
    /// <param name="feature">The feature, such as "faq".</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>Needs <c>services.AddCostTags()</c>, and <c>UseRequestCostTags()</c> in the pipeline of the chat client.</remarks>
    /// <exception cref="ArgumentException"><paramref name="feature"/> is null or empty.</exception>
    public static TBuilder WithCostFeature<TBuilder>(this TBuilder builder, string feature)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentException.ThrowIfNullOrEmpty(feature);
        return builder.WithMetadata(new CostFeatureAttribute(feature));
    }
}
