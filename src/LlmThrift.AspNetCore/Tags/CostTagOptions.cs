using Microsoft.AspNetCore.Http;

namespace LlmThrift.AspNetCore;

/// <summary>Who and what the calls made within a request are for. <see cref="CostTag"/> has the usual sources.</summary>
/// <remarks>
/// A delegate that throws fails the call: with the wrong tenant, or none, one customer could be served another's cached answer.
/// </remarks>
public sealed class CostTagOptions
{
    /// <summary>
    /// The customer whose data the request works on. Default: none. Cached answers are kept apart by it, so take it from what the app has checked, such as a claim, and never
    /// from a header that anyone may send.
    /// </summary>
    public Func<HttpContext, string?>? Tenant { get; set; }

    /// <summary>The person or process behind the request. Default: none.</summary>
    public Func<HttpContext, string?>? User { get; set; }

    /// <summary>The part of the product. Default: what the endpoint says by <c>.WithCostFeature("faq")</c> or <c>[CostFeature("faq")]</c>.</summary>
    public Func<HttpContext, string?>? Feature { get; set; } = CostTag.FromEndpoint;
}
