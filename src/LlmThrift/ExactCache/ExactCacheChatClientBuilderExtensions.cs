using LlmThrift.ExactCache;
using LlmThrift.Internal;
using LlmThrift.Tokens;

namespace Microsoft.Extensions.AI;

/// <summary>Adds the exact cache to a pipeline.</summary>
public static class ExactCacheChatClientBuilderExtensions
{
    /// <summary>Adds the exact cache. Call it after <c>UseCostMeter()</c>, so that hits are metered.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseExactCache(this ChatClientBuilder builder, Action<ExactCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var shared = new PerContainer<ExactCacheState>(services =>
        {
            var options = new ExactCacheOptions();
            configure?.Invoke(options);
            var problems = new OptionsProblems();
            options.Validate(problems);
            problems.ThrowIfAny();
            return new ExactCacheState(options, new PipelineServices(services), RequestTokenCounter.Default);
        });
        return builder.Use(
            (inner, services) =>
            {
                var state = shared.For(services);
                PipelineOrder.CheckBeforeExactCache(inner, state.Logger);
                return new ExactCacheChatClient(inner, state);
            }
        );
    }
}
