using LlmThrift.Internal;
using LlmThrift.Routing;

namespace Microsoft.Extensions.AI;

/// <summary>Adds model routing to a pipeline.</summary>
public static class ModelRoutingChatClientBuilderExtensions
{
    /// <summary>
    /// Sends each call to one of several models. Call it last, next to the provider: what lies further in applies to tiers without a client of their own only.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Names the tiers, and what chooses between them.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="configure"/> is null.</exception>
    public static ChatClientBuilder UseModelRouting(this ChatClientBuilder builder, Action<ModelRoutingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var shared = new PerContainer<RoutingState>(services =>
        {
            var options = new ModelRoutingOptions();
            configure(options);
            return new RoutingState(options, new PipelineServices(services));
        });
        return builder.Use((inner, services) => new ModelRoutingChatClient(inner, shared.For(services), (_, own) => own));
    }

    /// <summary>The same by a policy alone: two tiers, with the models that were audited, on the client that the pipeline is built on.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="policy">The policy: <see cref="RoutingPolicy.Load"/>.</param>
    /// <param name="target">What to hold to. Default: what the policy was signed off for.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="policy"/> is null.</exception>
    public static ChatClientBuilder UseModelRouting(this ChatClientBuilder builder, RoutingPolicy policy, RoutingTarget? target = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return builder.UseModelRouting(o => o.UsePolicy(policy, target));
    }
}
