using LlmThrift.Internal;
using LlmThrift.PrefixCaching;

namespace Microsoft.Extensions.AI;

/// <summary>Adds prefix caching to a pipeline.</summary>
public static class PrefixCachingChatClientBuilderExtensions
{
    /// <summary>
    /// Makes the provider's discount on repeated input come about: tools in a stable order, breakpoints where the expected reuse pays for the write,
    /// and a prompt cache key. Call it after everything else that changes requests, such as <c>UseOutputLimits()</c>.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options; without it, only tools are sorted.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>
    /// Prices are those of the meter further out, else <see cref="LlmThrift.Pricing.PriceBook.Embedded"/>. What it saves, less what writing costs, is in the
    /// record under <see cref="LlmThrift.Diagnostics.CostStages.ProviderCache"/>.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UsePrefixCaching(this ChatClientBuilder builder, Action<PrefixCachingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var shared = new PerContainer<PrefixCachingState>(services =>
        {
            var options = new PrefixCachingOptions();
            configure?.Invoke(options);
            var problems = new OptionsProblems();
            options.Validate(problems);
            problems.ThrowIfAny();
            return new PrefixCachingState(options, new PipelineServices(services));
        });
        return builder.Use(
            (inner, services) =>
            {
                var state = shared.For(services);
                PipelineOrder.CheckBeforePrefixCaching(inner, state.Logger);
                return new PrefixCachingChatClient(inner, state);
            }
        );
    }
}
