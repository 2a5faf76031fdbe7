namespace Microsoft.Extensions.AI;

/// <summary>Stand-in for the class of the same name: composes a pipeline of chat clients, the first added outermost.</summary>
public sealed class ChatClientBuilder
{
    private readonly Func<IServiceProvider, IChatClient> _createInnermost;
    private readonly List<Func<IChatClient, IServiceProvider, IChatClient>> _decorators = [];

    /// <summary>Starts a pipeline over <paramref name="innerClient"/>.</summary>
    public ChatClientBuilder(IChatClient innerClient)
    {
        ArgumentNullException.ThrowIfNull(innerClient);
        _createInnermost = _ => innerClient;
    }

    /// <summary>Starts a pipeline over the client that <paramref name="innerClientFactory"/> makes.</summary>
    public ChatClientBuilder(Func<IServiceProvider, IChatClient> innerClientFactory)
    {
        ArgumentNullException.ThrowIfNull(innerClientFactory);
        _createInnermost = innerClientFactory;
    }

    /// <summary>Builds the pipeline.</summary>
    public IChatClient Build(IServiceProvider? services = null)
    {
        services ??= NoServices.Instance;
        var client = _createInnermost(services);
        for (var index = _decorators.Count - 1; index >= 0; index--)
        {
            client =
                _decorators[index](client, services)
                ?? throw new InvalidOperationException($"The pipeline step at index {index} returned null instead of a chat client.");
        }

        return client;
    }

    /// <summary>Adds a decorator.</summary>
    public ChatClientBuilder Use(Func<IChatClient, IChatClient> clientFactory)
    {
        ArgumentNullException.ThrowIfNull(clientFactory);
        return Use((inner, _) => clientFactory(inner));
    }

    /// <summary>Adds a decorator that needs services.</summary>
    public ChatClientBuilder Use(Func<IChatClient, IServiceProvider, IChatClient> clientFactory)
    {
        ArgumentNullException.ThrowIfNull(clientFactory);
        _decorators.Add(clientFactory);
        return this;
    }

    private sealed class NoServices : IServiceProvider, DependencyInjection.IKeyedServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;

        public object? GetKeyedService(Type serviceType, object? serviceKey) => null;

        public object GetRequiredKeyedService(Type serviceType, object? serviceKey) =>
            throw new InvalidOperationException($"No service of type {serviceType} is registered.");
    }
}
