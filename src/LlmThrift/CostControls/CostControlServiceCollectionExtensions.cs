using System.Diagnostics.Metrics;
using LlmThrift.CostControls;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what the pipelines of an app share.</summary>
public static class CostControlServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="CostReport"/> for all pipelines of the app, and options that each <c>UseCostControls()</c> starts from.
    /// Not needed to begin: a pipeline without it has a report of its own.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options of every pipeline, before those of the pipeline itself.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddCostControls(this IServiceCollection services, Action<CostControlOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<CostReport>();
        services.TryAddSingleton(provider => new CostTelemetry(provider.GetService<IMeterFactory>()));
        if (configure is not null)
        {
            services.AddSingleton(new CostControlDefaults(configure));
        }

        return services;
    }

    /// <summary>The same, configured by a section such as <c>configuration.GetSection("CostControls")</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The section; <c>docs/cost-controls.md</c> lists the names. An unknown name is an error.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IServiceCollection AddCostControls(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddCostControls(CostControlComposition.From(configuration));
    }
}
