using LlmThrift.ContextTrimming;
using LlmThrift.Internal;

namespace Microsoft.Extensions.AI;

/// <summary>Adds context trimming to a pipeline.</summary>
public static class ContextTrimmingChatClientBuilderExtensions
{
    /// <summary>
    /// Cuts long conversations down to a budget of tokens before they are sent. Call it after the caches, which should see the whole question, and before
    /// <c>UseOutputLimits()</c>.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseContextTrimming(this ChatClientBuilder builder, Action<ContextTrimmingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var shared = new PerContainer<ContextTrimmer>(services =>
        {
            var options = new ContextTrimmingOptions();
            configure?.Invoke(options);
            return new ContextTrimmer(options, new PipelineServices(services));
        });
        return builder.Use(
            (inner, services) =>
            {
                var trimmer = shared.For(services);
                PipelineOrder.CheckBeforeContextTrimming(inner, new PipelineServices(services).Logger);
                return new ContextTrimmingChatClient(inner, trimmer);
            }
        );
    }
}
