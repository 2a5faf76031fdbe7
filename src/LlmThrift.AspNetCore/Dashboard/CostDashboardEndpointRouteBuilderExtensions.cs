using LlmThrift.AspNetCore;
using LlmThrift.AspNetCore.Dashboard;
using LlmThrift.Metering;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the dashboard of costs to an app.</summary>
public static class CostDashboardEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Serves a dashboard of what calls cost and saved: the page, its figures as JSON, live updates, and single calls as CSV and JSON. It reads the app's
    /// <see cref="ICallRecordStore"/>: call <c>services.AddCostHistory()</c>, or register one of the stores.
    /// </summary>
    /// <param name="endpoints">The app.</param>
    /// <param name="pattern">Where. Default: <c>/costs</c>.</param>
    /// <param name="configure">Changes the options; nothing has to be changed to begin.</param>
    /// <returns>
    /// All the endpoints of the dashboard, for conventions such as <c>.RequireHost(…)</c> or <c>.AllowAnonymous()</c>. They ask for authorization already.
    /// </returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The options are bad.</exception>
    /// <exception cref="InvalidOperationException">The app has no store of call records.</exception>
    public static IEndpointConventionBuilder MapCostDashboard(
        this IEndpointRouteBuilder endpoints,
        string pattern = "/costs",
        Action<CostDashboardOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var options = new CostDashboardOptions();
        configure?.Invoke(options);
        options.Validate(nameof(configure));
        var services = endpoints.ServiceProvider;
        if (services.GetService<ICallRecordStore>() is not { } store)
        {
            throw new InvalidOperationException(
                "The dashboard of costs has nothing to show: call services.AddCostHistory(), which keeps call records in memory, or register one of the stores too."
            );
        }

        var clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var sink = services.GetService<CallRecordStoreSink>();
        var figures = new DashboardFigures(store, sink, clock, options);
        var export = new CallExport(store, clock, options);
        var events = new DashboardEvents(sink, clock, options, services.GetService<IHostApplicationLifetime>());

        var group = endpoints.MapGroup(pattern);
        Map("", DashboardAssets.ServePageAsync);
        Map("assets/{name}", DashboardAssets.ServeAsync);
        Map("api/figures", figures.ServeAsync);
        Map("api/events", events.ServeAsync);
        Map("calls.csv", export.ServeCsvAsync);
        Map("calls.json", export.ServeJsonAsync);
        group.ExcludeFromDescription();
        if (options.AllowAnonymousInDevelopment && services.GetService<IHostEnvironment>()?.IsDevelopment() == true)
        {
            group.AllowAnonymous();
        }
        else if (options.AuthorizationPolicy is { } policy)
        {
            group.RequireAuthorization(policy);
        }
        else
        {
            group.RequireAuthorization();
        }

        return group;

        void Map(string path, RequestDelegate serve) =>
            group
                .MapGet(
                    path,
                    context =>
                    {
                        DashboardHeaders.Apply(context.Response);
                        return serve(context);
                    }
                )
                .WithDisplayName($"LlmThrift costs: {(path.Length == 0 ? "page" : path)}");
    }
}
