using System.ClientModel;
using System.Runtime.CompilerServices;
using LlmThrift.Tests.Docs;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using AIFinishReason = Microsoft.Extensions.AI.ChatFinishReason;
using AIMessage = Microsoft.Extensions.AI.ChatMessage;

namespace LlmThrift.Tests.Engines;

#pragma warning disable SCME0001 // The raw JSON of an update is where the package leaves what OpenAI's own service does not send.

/// <summary>OpenAI's package as an <see cref="IChatClient"/> for text and reasoning, as Microsoft.Extensions.AI.OpenAI does it.</summary>
internal sealed class OpenAIEngineClient : IChatClient
{
    private readonly OpenAIClient _client;
    private readonly ChatClientMetadata _metadata;

    public OpenAIEngineClient(Uri endpoint, string model, string provider = "openai", OpenAIClientOptions? options = null)
    {
        options ??= Snippets.WithoutRetriesOfItsOwn();
        options.Endpoint = endpoint;
        _client = new OpenAIClient(new ApiKeyCredential("none"), options);
        _metadata = new ChatClientMetadata(provider, endpoint, model);
    }

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<AIMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ChatCompletion completion = await Chat(options).CompleteChatAsync(messages.Select(Convert), Convert(options), cancellationToken);
        var contents = new List<AIContent>();
        if (
            completion.Patch.TryGetValue("$.choices[0].message.reasoning_content"u8, out string? thoughts)
            || completion.Patch.TryGetValue("$.choices[0].message.reasoning"u8, out thoughts)
        )
        {
            contents.Add(new TextReasoningContent(thoughts));
        }

        contents.AddRange(completion.Content.Select(part => new TextContent(part.Text)));
        return new ChatResponse(new AIMessage(ChatRole.Assistant, contents))
        {
            ModelId = completion.Model,
            ResponseId = completion.Id,
            FinishReason = Convert(completion.FinishReason),
            Usage = Convert(completion.Usage),
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<AIMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        await foreach (var part in Chat(options).CompleteChatStreamingAsync(messages.Select(Convert), Convert(options), cancellationToken))
        {
            var update = new ChatResponseUpdate
            {
                Role = ChatRole.Assistant,
                ModelId = part.Model,
                ResponseId = part.CompletionId,
                FinishReason = part.FinishReason is { } reason ? Convert(reason) : null,
            };
            if (
                part.Patch.TryGetValue("$.choices[0].delta.reasoning_content"u8, out string? thoughts)
                || part.Patch.TryGetValue("$.choices[0].delta.reasoning"u8, out thoughts)
            )
            {
                update.Contents.Add(new TextReasoningContent(thoughts));
            }

            foreach (var content in part.ContentUpdate.Where(content => content.Text.Length > 0))
            {
                update.Contents.Add(new TextContent(content.Text));
            }

            if (Convert(part.Usage) is { } usage)
            {
                update.Contents.Add(new UsageContent(usage));
            }

            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() { }

    private static OpenAI.Chat.ChatMessage Convert(AIMessage message) =>
        message.Role == ChatRole.System ? new SystemChatMessage(message.Text)
        : message.Role == ChatRole.Assistant ? new AssistantChatMessage(message.Text)
        : new UserChatMessage(message.Text);

    private static ChatCompletionOptions Convert(ChatOptions? options) =>
        new() { MaxOutputTokenCount = options?.MaxOutputTokens, Temperature = options?.Temperature };

    private static AIFinishReason Convert(OpenAI.Chat.ChatFinishReason reason) =>
        reason == OpenAI.Chat.ChatFinishReason.Length ? AIFinishReason.Length : AIFinishReason.Stop;

    private static UsageDetails? Convert(ChatTokenUsage? usage) =>
        usage is null
            ? null
            : new UsageDetails
            {
                InputTokenCount = usage.InputTokenCount,
                OutputTokenCount = usage.OutputTokenCount,
                TotalTokenCount = usage.TotalTokenCount,
                CachedInputTokenCount = usage.InputTokenDetails?.CachedTokenCount,
                ReasoningTokenCount = usage.OutputTokenDetails?.ReasoningTokenCount,
            };

    private ChatClient Chat(ChatOptions? options) => _client.GetChatClient(options?.ModelId ?? _metadata.DefaultModelId);
}
