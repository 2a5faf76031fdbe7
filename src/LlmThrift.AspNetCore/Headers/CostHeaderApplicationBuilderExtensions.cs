using LlmThrift.AspNetCore;
using LlmThrift.AspNetCore.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says in responses what the calls made for them cost.</summary>
public static class CostHeaderApplicationBuilderExtensions
{
    /// <summary>
    /// Adds up the calls made within each request and, where the request asks for it, writes the sums: <c>LlmThrift-Cost</c> and <c>LlmThrift-Saving</c> in US dollars,
    /// <c>LlmThrift-Calls</c>, and <c>Server-Timing</c>. Put it before what makes calls.
    /// </summary>
    /// <param name="app">The app.</param>
    /// <returns><paramref name="app"/>.</returns>
    /// <remarks>
    /// Calls that end before the response begins are in its headers. A response that is streamed while calls go on has the sums in its trailers, where the protocol has trailers.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="app"/> is null.</exception>
    /// <exception cref="InvalidOperationException"><c>services.AddCostHeaders()</c> was not called.</exception>
    public static IApplicationBuilder UseCostHeaders(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var options =
            app.ApplicationServices.GetService<CostHeaderOptions>()
            ?? throw new InvalidOperationException("UseCostHeaders() needs to see the calls: call services.AddCostHeaders() first.");
        return app.Use(next => new CostHeaderMiddleware(next, options).InvokeAsync);
    }

    /// <summary>What the calls made within a request cost so far.</summary>
    /// <param name="context">The request.</param>
    /// <returns>The sums of now; null without <c>app.UseCostHeaders()</c>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public static RequestCosts? GetRequestCosts(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<RequestCostTally>()?.Costs;
    }
}
