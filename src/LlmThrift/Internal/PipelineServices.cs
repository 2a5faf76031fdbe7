using System.Diagnostics.Metrics;
using LlmThrift.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmThrift.Internal;

/// <summary>What every stage of a pipeline needs: services of the app where it has them, else defaults.</summary>
internal sealed class PipelineServices
{
    private readonly IServiceProvider? _services;

    public PipelineServices(IServiceProvider? services, ILoggerFactory? loggers = null)
    {
        _services = services;
        Logger = (loggers ?? Find<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("LlmThrift");
        Clock = Find<TimeProvider>() ?? TimeProvider.System;
        Telemetry = Find<CostTelemetry>() ?? new CostTelemetry(Find<IMeterFactory>());
        Failures = new HelperFailures(Logger, Telemetry.HelperErrors, Clock);
    }

    public ILogger Logger { get; }

    public TimeProvider Clock { get; }

    public CostTelemetry Telemetry { get; }

    public HelperFailures Failures { get; }

    public T? Find<T>()
        where T : class => _services?.GetService<T>();

    public T? FindKeyed<T>(object key)
        where T : class => (_services as IKeyedServiceProvider)?.GetKeyedService<T>(key);

    public IEnumerable<T> FindAll<T>() => Find<IEnumerable<T>>() ?? [];
}
