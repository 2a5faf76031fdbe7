using LlmThrift.Local;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers local models.</summary>
public static class LocalServiceCollectionExtensions
{
    /// <summary>Registers a <see cref="LocalChatClient"/> as the app's <see cref="IChatClient"/>. Its model is loaded at first use.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Names the model, and changes the other options.</param>
    /// <returns>A builder, to put decorators around the client.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">When the client is made: a value of the options is not allowed; the message names all that are not.</exception>
    public static ChatClientBuilder AddLocalChatClient(this IServiceCollection services, Action<LocalChatOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddChatClient(provider => Create(provider, configure));
    }

    /// <summary>Registers a <see cref="LocalChatClient"/> under a key, as one of several models.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configure">Names the model, and changes the other options.</param>
    /// <returns>A builder, to put decorators around the client.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">When the client is made: a value of the options is not allowed; the message names all that are not.</exception>
    public static ChatClientBuilder AddKeyedLocalChatClient(
        this IServiceCollection services,
        object serviceKey,
        Action<LocalChatOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(serviceKey);
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddKeyedChatClient(serviceKey, provider => Create(provider, configure));
    }

    /// <summary>
    /// Registers a <see cref="LocalEmbeddingGenerator"/> as the app's <c>IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt;</c>, unless the app has one. Its model is
    /// loaded at first use.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Names the model, and changes the other options.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">When the generator is made: a value of the options is not allowed; the message names all that are not.</exception>
    public static IServiceCollection AddLocalEmbeddings(this IServiceCollection services, Action<LocalEmbeddingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => CreateEmbeddings(provider, configure));
        return services;
    }

    /// <summary>Registers a <see cref="LocalEmbeddingGenerator"/> under a key, as one of several models.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configure">Names the model, and changes the other options.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">When the generator is made: a value of the options is not allowed; the message names all that are not.</exception>
    public static IServiceCollection AddKeyedLocalEmbeddings(
        this IServiceCollection services,
        object serviceKey,
        Action<LocalEmbeddingOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(serviceKey);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddKeyedSingleton<IEmbeddingGenerator<string, Embedding<float>>>(
            serviceKey,
            (provider, _) => CreateEmbeddings(provider, configure)
        );
        return services;
    }

    private static LocalEmbeddingGenerator CreateEmbeddings(IServiceProvider provider, Action<LocalEmbeddingOptions> configure)
    {
        var options = new LocalEmbeddingOptions();
        configure(options);
        return new LocalEmbeddingGenerator(options, provider.GetService<ILoggerFactory>());
    }

    private static LocalChatClient Create(IServiceProvider provider, Action<LocalChatOptions> configure)
    {
        var options = new LocalChatOptions();
        configure(options);
        return new LocalChatClient(options, provider.GetService<ILoggerFactory>());
    }
}
