using LlmThrift.AspNetCore.Tags;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.AI;

/// <summary>Adds the tags of requests to a pipeline.</summary>
public static class RequestCostTagsChatClientBuilderExtensions
{
    /// <summary>
    /// Gives calls the tenant, user and feature of the request that they are made in, as <c>services.AddCostTags(…)</c> says, where they say none themselves. Put it before
    /// <c>UseCostControls()</c>: who a call is for has to be known to the caches already.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>Calls made outside of a request, such as by a background service, are left as they are.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <exception cref="InvalidOperationException">When the client is built: <c>services.AddCostTags()</c> was not called.</exception>
    public static ChatClientBuilder UseRequestCostTags(this ChatClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use(
            (inner, services) =>
                new RequestCostTagsChatClient(
                    inner,
                    services.GetService<RequestTags>()
                        ?? throw new InvalidOperationException(
                            "UseRequestCostTags() does not know where requests have their tenant: call services.AddCostTags(o => o.Tenant = CostTag.FromClaim(\"tenant_id\"))."
                        )
                )
        );
    }
}
