using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Auditing;

/// <summary>Logs requests for an audit.</summary>
internal sealed class AuditLogChatClient(IChatClient innerClient, AuditLogState state) : DelegatingChatClient(innerClient)
{
    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var (list, call) = (MessageList.From(messages), CallOptions.From(options));
        state.Add(list, call);
        return base.GetResponseAsync(list, call, cancellationToken);
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var (list, call) = (MessageList.From(messages), CallOptions.From(options));
        state.Add(list, call);
        return base.GetStreamingResponseAsync(list, call, cancellationToken);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType == typeof(AuditLogState) ? state : base.GetService(serviceType, serviceKey);
    }
}
