using LlmThrift.Internal;
using LlmThrift.OutputLimits;
using LlmThrift.Tokens;

namespace Microsoft.Extensions.AI;

/// <summary>Adds the output limits to a pipeline.</summary>
public static class OutputLimitChatClientBuilderExtensions
{
    /// <summary>Adds limits on the length of answers. Call it after <c>UseExactCache()</c>.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options; without it, nothing is limited.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseOutputLimits(this ChatClientBuilder builder, Action<OutputLimitOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var shared = new PerContainer<OutputLimitState>(services =>
        {
            var options = new OutputLimitOptions();
            configure?.Invoke(options);
            var problems = new OptionsProblems();
            options.Validate(problems);
            problems.ThrowIfAny();
            return new OutputLimitState(options, new PipelineServices(services), RequestTokenCounter.Default);
        });
        return builder.Use(
            (inner, services) =>
            {
                var state = shared.For(services);
                PipelineOrder.CheckBeforeOutputLimits(inner, state.Logger);
                return new OutputLimitChatClient(inner, state);
            }
        );
    }
}
