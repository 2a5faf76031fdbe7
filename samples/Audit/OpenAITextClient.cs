using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Audit;

/// <summary>
/// An <see cref="IChatClient"/> for text over the OpenAI package. Apps take <c>AsIChatClient()</c> from Microsoft.Extensions.AI.OpenAI; this one keeps the sample to the vendor's package.
/// </summary>
internal sealed class OpenAITextClient(OpenAIClient client, Uri endpoint) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("openai", endpoint);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var model = options?.ModelId ?? throw new InvalidOperationException("Name a model.");
        var completion = (
            await client
                .GetChatClient(model)
                .CompleteChatAsync(
                    messages.Select(Convert),
                    new ChatCompletionOptions { MaxOutputTokenCount = options.MaxOutputTokens, Temperature = options.Temperature },
                    cancellationToken
                )
        ).Value;
        var usage = completion.Usage;
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, string.Concat(completion.Content.Select(part => part.Text))))
        {
            ModelId = completion.Model,
            ResponseId = completion.Id,
            FinishReason =
                completion.FinishReason == OpenAI.Chat.ChatFinishReason.Length
                    ? Microsoft.Extensions.AI.ChatFinishReason.Length
                    : Microsoft.Extensions.AI.ChatFinishReason.Stop,
            Usage = usage is null
                ? null
                : new UsageDetails
                {
                    InputTokenCount = usage.InputTokenCount,
                    OutputTokenCount = usage.OutputTokenCount,
                    TotalTokenCount = usage.TotalTokenCount,
                    CachedInputTokenCount = usage.InputTokenDetails?.CachedTokenCount,
                    ReasoningTokenCount = usage.OutputTokenDetails?.ReasoningTokenCount,
                },
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() { }

    private static OpenAI.Chat.ChatMessage Convert(ChatMessage message) =>
        message.Role == ChatRole.System ? new SystemChatMessage(message.Text)
        : message.Role == ChatRole.Assistant ? new AssistantChatMessage(message.Text)
        : new UserChatMessage(message.Text);
}
