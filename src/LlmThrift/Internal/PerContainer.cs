using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;

namespace LlmThrift.Internal;

/// <summary>
/// What the pipelines of one registration share. A client that is registered as scoped or transient is built again and again; its cache, its
/// report and its metrics must be the same ones each time, or nothing would ever be found in them.
/// </summary>
/// <param name="create">Makes the shared object from the services of whoever comes first.</param>
internal sealed class PerContainer<T>(Func<IServiceProvider, T> create)
    where T : class
{
    // Values as objects: the table asks trimmers to keep a constructor of its value type, which none here is made by.
    // The scope factory is the one object that all scopes of a container have in common. The table does not keep containers alive.
    private readonly ConditionalWeakTable<object, object> _made = [];

    public T For(IServiceProvider services) =>
        services.GetService(typeof(IServiceScopeFactory)) is { } container
            ? (T)_made.GetValue(container, _ => create(services))
            : create(services);
}
