using LlmThrift.AspNetCore;
using LlmThrift.AspNetCore.Budgets;
using LlmThrift.AspNetCore.Headers;
using LlmThrift.AspNetCore.Tags;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what ties the calls of an app to its requests.</summary>
public static class AspNetCoreCostServiceCollectionExtensions
{
    /// <summary>
    /// Says where requests have the tenant, user and feature that the calls made in them are for. The pipeline takes them by <c>UseRequestCostTags()</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Says where; by default only the feature is known, from <c>.WithCostFeature(…)</c>.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddCostTags(this IServiceCollection services, Action<CostTagOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new CostTagOptions();
        configure?.Invoke(options);
        services.AddHttpContextAccessor();
        services.Replace(
            ServiceDescriptor.Singleton(provider => new RequestTags(provider.GetRequiredService<IHttpContextAccessor>(), options))
        );
        return services;
    }

    /// <summary>
    /// Adds up what the calls made within a request cost, for <c>app.UseCostHeaders()</c> and <c>context.GetRequestCosts()</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Says which responses carry the sums; by default those to requests that ask.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddCostHeaders(this IServiceCollection services, Action<CostHeaderOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new CostHeaderOptions();
        configure?.Invoke(options);
        services.Replace(ServiceDescriptor.Singleton(options));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ICallRecordSink, RequestCostSink>());
        return services;
    }

    /// <summary>
    /// Answers requests whose call does not fit into a budget with <c>429 Too Many Requests</c> and <c>Retry-After</c>, where the response has not begun. Needs
    /// <c>app.UseExceptionHandler()</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>
    /// The body is a problem of RFC 9457 without a figure: what a budget holds is not for everyone who runs into it. The log has them. A stream has to be read up to its first
    /// update before the response begins: that is when a call is refused.
    /// </remarks>
    /// <seealso cref="BudgetExceededException"/>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddBudgetExceededHandler(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddProblemDetails();
        return services.AddExceptionHandler<BudgetExceededHandler>();
    }
}
