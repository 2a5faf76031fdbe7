using Microsoft.Extensions.AI;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Stand-in for the class of the same name.</summary>
public static class ChatClientBuilderServiceCollectionExtensions
{
    /// <summary>Registers a chat client and returns the builder of its pipeline.</summary>
    public static ChatClientBuilder AddChatClient(
        this IServiceCollection serviceCollection,
        IChatClient innerClient,
        ServiceLifetime lifetime = ServiceLifetime.Singleton
    )
    {
        ArgumentNullException.ThrowIfNull(innerClient);
        return AddChatClient(serviceCollection, _ => innerClient, lifetime);
    }

    /// <summary>Registers a chat client made by a factory and returns the builder of its pipeline.</summary>
    public static ChatClientBuilder AddChatClient(
        this IServiceCollection serviceCollection,
        Func<IServiceProvider, IChatClient> innerClientFactory,
        ServiceLifetime lifetime = ServiceLifetime.Singleton
    )
    {
        ArgumentNullException.ThrowIfNull(serviceCollection);
        var builder = new ChatClientBuilder(innerClientFactory);
        serviceCollection.Add(new ServiceDescriptor(typeof(IChatClient), builder.Build, lifetime));
        return builder;
    }

    /// <summary>Registers a chat client under a key and returns the builder of its pipeline.</summary>
    public static ChatClientBuilder AddKeyedChatClient(
        this IServiceCollection serviceCollection,
        object? serviceKey,
        IChatClient innerClient,
        ServiceLifetime lifetime = ServiceLifetime.Singleton
    )
    {
        ArgumentNullException.ThrowIfNull(innerClient);
        return AddKeyedChatClient(serviceCollection, serviceKey, _ => innerClient, lifetime);
    }

    /// <summary>Registers a chat client made by a factory under a key and returns the builder of its pipeline.</summary>
    public static ChatClientBuilder AddKeyedChatClient(
        this IServiceCollection serviceCollection,
        object? serviceKey,
        Func<IServiceProvider, IChatClient> innerClientFactory,
        ServiceLifetime lifetime = ServiceLifetime.Singleton
    )
    {
        ArgumentNullException.ThrowIfNull(serviceCollection);
        var builder = new ChatClientBuilder(innerClientFactory);
        serviceCollection.Add(new ServiceDescriptor(typeof(IChatClient), serviceKey, (services, _) => builder.Build(services), lifetime));
        return builder;
    }
}
