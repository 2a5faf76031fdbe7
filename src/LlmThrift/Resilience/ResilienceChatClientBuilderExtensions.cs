using LlmThrift.Internal;
using LlmThrift.Resilience;

namespace Microsoft.Extensions.AI;

/// <summary>Adds resilience to a pipeline.</summary>
public static class ResilienceChatClientBuilderExtensions
{
    /// <summary>
    /// Gets answers in spite of a provider that fails or hangs: timeouts, retries, a circuit breaker, and hedging where it is switched on. Call it last, next to the provider, and
    /// switch off the retries of the provider's own package, or both repeat each request.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options; nothing has to be changed to begin.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>
    /// Nothing is repeated once output has started. Every attempt is on the bill of its call; what did not become the answer is in the record under
    /// <see cref="LlmThrift.Diagnostics.CostStages.Resilience"/>. Options are validated when the client is built: an <see cref="ArgumentException"/> then lists every bad value.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseResilience(this ChatClientBuilder builder, Action<ResilienceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var shared = new PerContainer<ResilienceState>(services =>
        {
            var options = new ResilienceOptions();
            configure?.Invoke(options);
            var problems = new OptionsProblems();
            options.Validate(problems);
            problems.ThrowIfAny();
            return new ResilienceState(options, new PipelineServices(services));
        });
        return builder.Use(
            (inner, services) =>
            {
                var state = shared.For(services);
                PipelineOrder.CheckBeforeResilience(inner, state.Logger);
                return new ResilienceChatClient(inner, state);
            }
        );
    }
}
