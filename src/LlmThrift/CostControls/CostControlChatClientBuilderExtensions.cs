using LlmThrift.CostControls;
using LlmThrift.Internal;
using LlmThrift.Metering;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.AI;

/// <summary>Adds cost controls to a pipeline.</summary>
public static class CostControlChatClientBuilderExtensions
{
    /// <summary>
    /// Adds all cost controls in the right order: meter, exact cache, semantic cache (when switched on), context trimming (when switched on), output limits,
    /// model routing (when there are tiers), prefix caching (when switched on), resilience (when switched on), and a meter of each request to a provider.
    /// Call it after <c>UseFunctionInvocation()</c>, so that it lies inside: one turn of a user is several calls to the model.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options; nothing has to be changed to begin.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>
    /// What the app registers is used: <c>HybridCache</c> or <c>IDistributedCache</c> for answers, <c>ILoggerFactory</c>,
    /// <c>TimeProvider</c>, <c>IMeterFactory</c>, <see cref="ICallRecordSink"/>, and what <c>services.AddCostControls(…)</c> configured.
    /// Options are validated when the client is built: an <see cref="ArgumentException"/> then lists every bad value.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseCostControls(this ChatClientBuilder builder, Action<CostControlOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var shared = new PerContainer<CostControlComposition>(services => new CostControlComposition(
            new PipelineServices(services),
            configure
        ));
        return builder.Use((inner, services) => shared.For(services).Around(inner));
    }

    /// <summary>Adds all cost controls, configured by a section such as <c>configuration.GetSection("CostControls")</c>.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configuration">The section; <c>docs/cost-controls.md</c> lists the names. An unknown name is an error.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static ChatClientBuilder UseCostControls(this ChatClientBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return builder.UseCostControls(CostControlComposition.From(configuration));
    }

    /// <summary>Puts cost controls around a client, for apps without dependency injection.</summary>
    /// <param name="client">The client of the provider. The returned client disposes it.</param>
    /// <param name="configure">Changes the options; nothing has to be changed to begin.</param>
    /// <param name="loggerFactory">Where to log; null for nowhere.</param>
    /// <returns>The client to call.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> is null.</exception>
    /// <exception cref="ArgumentException">Options are bad; the message lists every one.</exception>
    public static IChatClient WithCostControls(
        this IChatClient client,
        Action<CostControlOptions>? configure = null,
        ILoggerFactory? loggerFactory = null
    )
    {
        ArgumentNullException.ThrowIfNull(client);
        return new CostControlComposition(new PipelineServices(services: null, loggerFactory), configure).Around(client);
    }
}
