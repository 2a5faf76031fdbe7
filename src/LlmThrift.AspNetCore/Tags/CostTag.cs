using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlmThrift.AspNetCore;

/// <summary>Where in a request a tag of its calls may come from.</summary>
public static class CostTag
{
    /// <summary>A claim of the user who is signed in.</summary>
    /// <param name="type">The claim's type, such as "tenant_id".</param>
    /// <returns>What to set in <see cref="CostTagOptions"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="type"/> is null or empty.</exception>
    public static Func<HttpContext, string?> FromClaim(string type)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        return context => context.User.FindFirstValue(type);
    }

    /// <summary>A header of the request. Anyone may send any: only for what a gateway in front sets or removes.</summary>
    /// <param name="name">The header's name.</param>
    /// <returns>What to set in <see cref="CostTagOptions"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty.</exception>
    public static Func<HttpContext, string?> FromHeader(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return context => context.Request.Headers[name].ToString();
    }

    /// <summary>A value of the route, such as "tenant" of <c>/{tenant}/chat</c>. Whether the user may use it is for the app to check.</summary>
    /// <param name="name">The value's name.</param>
    /// <returns>What to set in <see cref="CostTagOptions"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty.</exception>
    public static Func<HttpContext, string?> FromRoute(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return context => context.GetRouteValue(name)?.ToString();
    }

    /// <summary>What the endpoint says by <see cref="CostFeatureAttribute"/>.</summary>
    /// <param name="context">The request.</param>
    /// <returns>The feature, or null.</returns>
    public static string? FromEndpoint(HttpContext context) =>
        context?.GetEndpoint()?.Metadata.GetMetadata<CostFeatureAttribute>()?.Feature;
}
