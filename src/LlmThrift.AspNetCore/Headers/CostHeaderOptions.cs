using Microsoft.AspNetCore.Http;

namespace LlmThrift.AspNetCore;

/// <summary>Which responses say what the calls made for them cost.</summary>
public sealed class CostHeaderOptions
{
    /// <summary>The header by which a request asks.</summary>
    public const string RequestHeader = "LlmThrift-Costs";

    /// <summary>
    /// Which requests get an answer. Default: those with the header <see cref="RequestHeader"/>, whatever its value. Whoever may send one learns what their request cost: where that
    /// is not for all, ask for more, such as <c>context => context.User.IsInRole("staff")</c>.
    /// </summary>
    public Func<HttpContext, bool> ShouldWrite { get; set; } = context => context.Request.Headers.ContainsKey(RequestHeader);

    /// <summary>Whether <c>Server-Timing</c> has the time spent on calls, for the browser's developer tools. Default: true.</summary>
    public bool WriteServerTiming { get; set; } = true;
}
