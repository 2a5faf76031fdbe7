using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits;

/// <summary>Lowers <see cref="ChatOptions.MaxOutputTokens"/> to the cap of the call's feature, never raises it.</summary>
internal sealed class OutputLimitChatClient(IChatClient innerClient, OutputLimitOptions options) : DelegatingChatClient(innerClient)
{
    private readonly int? _default = options.MaxOutputTokens;
    private readonly Dictionary<string, int> _features = new(options.Features, StringComparer.OrdinalIgnoreCase);

    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => base.GetResponseAsync(messages, Limited(options), cancellationToken);

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => base.GetStreamingResponseAsync(messages, Limited(options), cancellationToken);

    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        PipelineStage.Answer(CostStages.OutputLimits, serviceType, serviceKey) ?? base.GetService(serviceType, serviceKey);

    private CallOptions Limited(ChatOptions? options)
    {
        var call = CallOptions.From(options);
        var cap = call.Context.Tags.Feature is { } feature && _features.TryGetValue(feature, out var limit) ? limit : _default;
        if (cap is not { } most || call.MaxOutputTokens <= most)
        {
            return call;
        }

        // The caller's options, and those of a call that shares this one's state, stay as they are.
        var limited = call.With(call.Context);
        limited.MaxOutputTokens = most;
        call.Context.Note(CostStages.OutputLimits, "capped");
        return limited;
    }
}
