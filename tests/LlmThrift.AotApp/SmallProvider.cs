using Microsoft.Extensions.AI;

namespace LlmThrift.AotApp;

/// <summary>Answers at once, and in one piece.</summary>
internal sealed class SmallProvider(bool callsTools = true) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) =>
        Task.FromResult(
            new ChatResponse(
                new ChatMessage(
                    ChatRole.Assistant,
                    callsTools
                        ?
                        [
                            new TextContent("From nine to five."),
                            new FunctionCallContent("c2", "close", new Dictionary<string, object?> { ["n"] = 1 }),
                        ]
                        : [new TextContent("From nine to five.")]
                )
            )
            {
                ModelId = "gpt-4o",
                FinishReason = callsTools ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
                Usage = new() { InputTokenCount = 50, OutputTokenCount = 10 },
            }
        );

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => throw new InvalidOperationException("The cache was to answer.");

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("openai", null, "gpt-4o") : null;

    public void Dispose() { }
}
