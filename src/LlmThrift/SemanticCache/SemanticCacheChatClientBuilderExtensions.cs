using LlmThrift.Internal;
using LlmThrift.SemanticCache;
using LlmThrift.Tokens;

namespace Microsoft.Extensions.AI;

/// <summary>Adds the semantic cache to a pipeline.</summary>
public static class SemanticCacheChatClientBuilderExtensions
{
    /// <summary>
    /// Adds the semantic cache. Call it after <c>UseCostMeter()</c> and <c>UseExactCache()</c>, so that hits are metered and repeats cost no embedding.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>
    /// When the client is built, an <see cref="InvalidOperationException"/> says so if there is no embedding generator: neither
    /// <see cref="SemanticCacheOptions.EmbeddingGenerator"/> nor a service.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseSemanticCache(this ChatClientBuilder builder, Action<SemanticCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var shared = new PerContainer<SemanticCacheState>(services =>
        {
            var options = new SemanticCacheOptions();
            configure?.Invoke(options);
            var problems = new OptionsProblems();
            options.Validate(problems);
            problems.ThrowIfAny();
            return new SemanticCacheState(options, new PipelineServices(services), RequestTokenCounter.Default);
        });
        return builder.Use(
            (inner, services) =>
            {
                var state = shared.For(services);
                PipelineOrder.CheckBeforeSemanticCache(inner, state.Logger);
                return new SemanticCacheChatClient(inner, state);
            }
        );
    }

    /// <summary>The same with a given embedding generator.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="embeddingGenerator">Turns questions into vectors; safe for concurrent use; not disposed.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="embeddingGenerator"/> is null.</exception>
    public static ChatClientBuilder UseSemanticCache(
        this ChatClientBuilder builder,
        IEmbeddingGenerator<string, Embedding<float>> embeddingGenerator,
        Action<SemanticCacheOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(embeddingGenerator);
        return builder.UseSemanticCache(options =>
        {
            options.EmbeddingGenerator = embeddingGenerator;
            configure?.Invoke(options);
        });
    }
}
