using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace LlmThrift.AspNetCore.Tags;

/// <summary>Gives calls the tags of the request that they are made in, where they have none of their own.</summary>
internal sealed class RequestCostTagsChatClient(IChatClient innerClient, RequestTags tags) : DelegatingChatClient(innerClient)
{
    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => base.GetResponseAsync(messages, Tagged(options), cancellationToken);

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => base.GetStreamingResponseAsync(messages, Tagged(options), cancellationToken);

    private ChatOptions? Tagged(ChatOptions? options)
    {
        var said = options.GetCostTags();
        var all = tags.Complete(said);
        return all == said ? options : Set(options?.Clone() ?? new ChatOptions(), all);
    }

    private static ChatOptions Set(ChatOptions options, CallTags tags)
    {
        // A clone may share the dictionary with the app's options.
        options.AdditionalProperties = options.AdditionalProperties?.Clone();
        return options.WithTenant(tags.Tenant).WithFeature(tags.Feature).WithUser(tags.User);
    }
}
