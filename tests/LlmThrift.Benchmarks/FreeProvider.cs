using Microsoft.Extensions.AI;

namespace LlmThrift.Benchmarks;

/// <summary>A provider that answers at once, so that what is left is the pipeline's.</summary>
/// <param name="answer">Its answer to the text of the last message; null for the same to all.</param>
internal sealed class FreeProvider(Func<string, string>? answer = null) : IChatClient
{
    private static readonly ChatClientMetadata Metadata = new("openai", null, "gpt-4o");

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) =>
        Task.FromResult(
            new ChatResponse(
                new ChatMessage(
                    ChatRole.Assistant,
                    answer?.Invoke(messages.Last().Text) ?? "We are open from nine to five, Monday to Friday."
                )
            )
            {
                ModelId = "gpt-4o",
                ResponseId = "response",
                FinishReason = ChatFinishReason.Stop,
                Usage = new()
                {
                    InputTokenCount = 207,
                    OutputTokenCount = 12,
                    TotalTokenCount = 219,
                },
            }
        );

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ChatClientMetadata) ? Metadata : null;

    public void Dispose() { }
}
