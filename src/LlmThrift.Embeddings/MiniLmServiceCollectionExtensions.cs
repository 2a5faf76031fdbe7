using LlmThrift.Embeddings;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the in-process sentence encoder.</summary>
public static class MiniLmServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="MiniLmEmbeddingGenerator"/> as the app's <c>IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt;</c>, unless the app has
    /// one. It is made at first use.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddMiniLmEmbeddings(this IServiceCollection services, Action<MiniLmOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider =>
        {
            var options = new MiniLmOptions();
            configure?.Invoke(options);
            return new MiniLmEmbeddingGenerator(options, provider.GetService<ILoggerFactory>());
        });
        return services;
    }
}
