using Microsoft.Extensions.AI;

namespace LlmThrift.Auditing;

/// <summary>A request of the app's, to be tried with two tiers.</summary>
/// <param name="Id">Its name in the files of the audit; of its own for each request.</param>
/// <param name="Messages">The messages: text only.</param>
/// <param name="Feature">The feature of the app that made it, as in <c>WithFeature</c>; null when it is not known.</param>
/// <param name="Tenant">The tenant, as in <c>WithTenant</c>; null when it is not known.</param>
public sealed record AuditPrompt(string Id, IReadOnlyList<ChatMessage> Messages, string? Feature = null, string? Tenant = null)
{
    /// <summary>The text of the last message of the user: what routing goes by.</summary>
    public string Question => Messages.LastOrDefault(message => message.Role == ChatRole.User)?.Text ?? "";
}
