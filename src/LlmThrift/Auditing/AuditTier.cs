using Microsoft.Extensions.AI;

namespace LlmThrift.Auditing;

/// <summary>A tier that is audited.</summary>
/// <param name="Name">Its name, as among the tiers of routing, such as "small".</param>
/// <param name="Client">The bare client of its provider, with whatever retries the app wants. It is not disposed.</param>
/// <param name="ModelId">The model; null for the client's default.</param>
public sealed record AuditTier(string Name, IChatClient Client, string? ModelId = null)
{
    internal ChatClientMetadata? Metadata => Client.GetService<ChatClientMetadata>();

    internal string? Model => ModelId ?? Metadata?.DefaultModelId;
}
