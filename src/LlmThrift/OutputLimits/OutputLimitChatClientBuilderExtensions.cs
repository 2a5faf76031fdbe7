using LlmThrift.Internal;
using LlmThrift.OutputLimits;

namespace Microsoft.Extensions.AI;

/// <summary>Adds the output limits to a pipeline.</summary>
public static class OutputLimitChatClientBuilderExtensions
{
    /// <summary>Adds caps on the length of answers. Call it after <c>UseExactCache()</c>.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options; without it, nothing is limited.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseOutputLimits(this ChatClientBuilder builder, Action<OutputLimitOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use(
            (inner, services) =>
            {
                var options = new OutputLimitOptions();
                configure?.Invoke(options);
                var problems = new OptionsProblems();
                options.Validate(problems);
                problems.ThrowIfAny();
                PipelineOrder.CheckBeforeOutputLimits(inner, new PipelineServices(services).Logger);
                return new OutputLimitChatClient(inner, options);
            }
        );
    }
}
