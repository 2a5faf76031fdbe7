namespace LlmThrift.TestKit;

/// <summary>A service provider of a few objects.</summary>
public sealed class FewServices : IServiceProvider
{
    private readonly Dictionary<Type, object> _services = [];

    public FewServices With<T>(T service)
        where T : class
    {
        _services[typeof(T)] = service;
        return this;
    }

    public object? GetService(Type serviceType) =>
        _services.TryGetValue(serviceType, out var service) ? service
        : serviceType.IsGenericType && serviceType.GetGenericTypeDefinition() == typeof(IEnumerable<>)
            ? Many(serviceType.GetGenericArguments()[0])
        : null;

    private Array Many(Type type)
    {
        var array = Array.CreateInstance(type, _services.ContainsKey(type) ? 1 : 0);
        if (array.Length == 1)
        {
            array.SetValue(_services[type], 0);
        }

        return array;
    }
}
