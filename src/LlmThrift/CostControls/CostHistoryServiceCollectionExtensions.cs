using LlmThrift.Internal;
using LlmThrift.Metering;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the history of costs.</summary>
public static class CostHistoryServiceCollectionExtensions
{
    /// <summary>
    /// Keeps the records of all calls, for a dashboard and for sums over longer than a process lives: a <see cref="CallRecordStoreSink"/> that writes to the app's
    /// <see cref="ICallRecordStore"/>. An app that has none gets an <see cref="InMemoryCallRecordStore"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options; nothing has to be changed to begin.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>Includes <c>AddCostControls()</c>. The order of this and of what registers a store does not matter.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <exception cref="ArgumentException">Options are bad; the message lists every one.</exception>
    public static IServiceCollection AddCostHistory(this IServiceCollection services, Action<CallRecordStoreSinkOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddCostControls();
        var options = new CallRecordStoreSinkOptions();
        configure?.Invoke(options);
        options.Validate();
        services.TryAddSingleton<ICallRecordStore>(provider => new InMemoryCallRecordStore(provider.GetService<TimeProvider>()));
        var isThere = services.Any(service => service.ServiceType == typeof(CallRecordStoreSink));
        services.Replace(
            ServiceDescriptor.Singleton(provider => new CallRecordStoreSink(
                provider.GetRequiredService<ICallRecordStore>(),
                options,
                new PipelineServices(provider)
            ))
        );
        if (!isThere)
        {
            services.AddSingleton<ICallRecordSink>(provider => provider.GetRequiredService<CallRecordStoreSink>());
        }

        return services;
    }
}
