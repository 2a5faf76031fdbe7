using LlmThrift.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AspNetChat;

/// <summary>Metrics and traces to an OpenTelemetry collector, where the configuration names one: <c>OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317</c>.</summary>
internal sealed class TelemetryExport(Uri endpoint) : IHostedService, IDisposable
{
    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("larkspur-support");
        void Configure(OtlpExporterOptions options) => options.Endpoint = endpoint;
        _metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(TelemetryNames.Meter)
            .AddOtlpExporter(Configure)
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(TelemetryNames.ActivitySource)
            .AddOtlpExporter(Configure)
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // What has not been sent yet is sent when these end.
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _metrics?.Dispose();
        _traces?.Dispose();
        (_metrics, _traces) = (null, null);
    }
}

internal static class TelemetryExportServices
{
    public static void AddTelemetryExport(this IServiceCollection services, IConfiguration configuration)
    {
        if (Uri.TryCreate(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"], UriKind.Absolute, out var endpoint))
        {
            services.AddSingleton<IHostedService>(_ => new TelemetryExport(endpoint));
        }
    }
}
