using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace ConsoleReplay.Live;

/// <summary>
/// An <see cref="IChatClient"/> over the OpenAI package's chat completions client. Apps take <c>AsIChatClient()</c> from
/// Microsoft.Extensions.AI.OpenAI; this is a compact one for the sample, so that it needs the vendor's package only.
/// </summary>
/// <remarks>
/// Text, images, audio and files in; text, refusals and tool calls out; usage with cached, reasoning and audio parts, also of streams.
/// The service's errors come through as <see cref="System.ClientModel.ClientResultException"/>. Safe for concurrent use.
/// </remarks>
internal sealed class OpenAIServiceChatClient : IChatClient
{
    private readonly OpenAIClient _client;
    private readonly ChatClientMetadata _metadata;
    private readonly bool _olderServer;
    private readonly ConcurrentDictionary<string, ChatClient> _byModel = new(StringComparer.Ordinal);

    /// <param name="client">The vendor's client.</param>
    /// <param name="endpoint">Where it talks to. A server behind plain HTTP is taken for a self-hosted one and gets <c>max_tokens</c> too.</param>
    /// <param name="defaultModelId">The model of calls that name none.</param>
    public OpenAIServiceChatClient(OpenAIClient client, Uri endpoint, string? defaultModelId)
    {
        _client = client;
        _olderServer = endpoint.Scheme == Uri.UriSchemeHttp;
        _metadata = new ChatClientMetadata("openai", endpoint, defaultModelId);
    }

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        var completion = (
            await ClientFor(options)
                .CompleteChatAsync(
                    OpenAIRequest.Messages(messages, options),
                    OpenAIRequest.Options(this, options, _olderServer),
                    cancellationToken
                )
        ).Value;
        return OpenAIResponse.From(completion);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);

        // The vendor's client asks for usage at the end of the stream (stream_options.include_usage) by itself.
        var stream = ClientFor(options)
            .CompleteChatStreamingAsync(
                OpenAIRequest.Messages(messages, options),
                OpenAIRequest.Options(this, options, _olderServer),
                cancellationToken
            );
        var toolCalls = new SortedDictionary<int, PartialToolCall>();
        await foreach (var update in stream.WithCancellation(cancellationToken))
        {
            foreach (var part in update.ToolCallUpdates)
            {
                if (!toolCalls.TryGetValue(part.Index, out var call))
                    toolCalls.Add(part.Index, call = new PartialToolCall());
                call.Id ??= part.ToolCallId;
                call.Name ??= part.FunctionName;
                if (part.FunctionArgumentsUpdate is { } arguments && !arguments.ToMemory().IsEmpty)
                    call.Arguments.Append(arguments);
            }

            var parsed = OpenAIResponse.From(update);
            if (update.FinishReason is not null)
            {
                // Pieces of a call are of no use to an app; whole calls go out with the finish reason.
                foreach (var call in toolCalls.Values)
                    parsed.Contents.Add(OpenAIResponse.ToolCall(call.Id, call.Name, call.Arguments.ToString()));
                toolCalls.Clear();
            }

            yield return parsed;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType == typeof(OpenAIClient) ? _client
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose()
    {
        // The vendor's client shares its connections and has nothing to dispose of.
    }

    private ChatClient ClientFor(ChatOptions? options)
    {
        var model =
            options?.ModelId
            ?? _metadata.DefaultModelId
            ?? throw new InvalidOperationException("The call names no model: set ChatOptions.ModelId, or give the client a default.");
        return _byModel.GetOrAdd(model, static (id, client) => client.GetChatClient(id), _client);
    }

    private sealed class PartialToolCall
    {
        public string? Id { get; set; }

        public string? Name { get; set; }

        public StringBuilder Arguments { get; } = new();
    }
}
