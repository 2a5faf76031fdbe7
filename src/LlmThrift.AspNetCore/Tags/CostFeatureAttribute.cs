namespace LlmThrift.AspNetCore;

/// <summary>Says which part of the product an action, a controller or an endpoint is, for the calls that are made in it.</summary>
/// <param name="feature">The feature, such as "faq".</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class CostFeatureAttribute(string feature) : Attribute
{
    /// <summary>The feature.</summary>
    public string Feature { get; } = feature;
}
