using LlmThrift.Metering;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>
/// An answer as it was recorded: immutable, from which a fresh response or a fresh stream can be made any number of times.
/// A replay bills nothing: it reports zero tokens. What the provider had billed is kept apart, for the sums of savings.
/// </summary>
internal sealed class RecordedResponse
{
    private ServedAnswer? _served;

    public required RecordedMessage[] Messages { get; init; }

    public string? ResponseId { get; init; }

    public string? ModelId { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public ChatFinishReason? FinishReason { get; init; }

    /// <summary>Text, numbers and flags of the provider's additional properties; other values are not kept.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Properties { get; init; } = [];

    public string? Provider { get; init; }

    /// <summary>The model to price the avoided call with: the one asked for, before any stage chose another.</summary>
    public string? PricedModel { get; init; }

    /// <summary>What the call would have been billed as the app sent it.</summary>
    public required TokenUsage Usage { get; init; }

    public bool IsUsageEstimated { get; init; }

    /// <summary>When the call began that the answer comes from.</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Bytes that the answer holds in memory, roughly.</summary>
    public int Size =>
        400 + Messages.Sum(m => 100 + m.Contents.Sum(c => c.Size)) + (100 * Properties.Count) + Tags.Sum(t => 40 + (2 * t.Length));

    public ServedAnswer AsServedBy(string stage) =>
        _served is { } served && served.Stage == stage
            ? served
            : _served = new ServedAnswer(stage, Provider, PricedModel ?? ModelId, Usage, IsUsageEstimated);

    /// <summary>The answer to a question that was another one.</summary>
    public ServedAnswer AsServedBy(string stage, SemanticMatch match) =>
        new(stage, Provider, PricedModel ?? ModelId, Usage, IsUsageEstimated, match);

    public ChatResponse ToResponse(SemanticMatch? match = null)
    {
        var messages = new List<ChatMessage>(Messages.Length);
        foreach (var message in Messages)
        {
            messages.Add(message.ToMessage());
        }

        return new MeteredChatResponse(messages, match)
        {
            ResponseId = ResponseId,
            ModelId = ModelId,
            CreatedAt = CreatedAt,
            FinishReason = FinishReason,
            AdditionalProperties = CopyProperties(),
            Usage = NothingBilled(),
        };
    }

    /// <summary>The answer as a stream: the chunks that it arrived in, then the finish reason and a usage of zero.</summary>
    public IEnumerable<ChatResponseUpdate> ToUpdates()
    {
        RecordedMessage? last = null;
        foreach (var message in Messages)
        {
            last = message;
            foreach (var content in message.Contents)
            {
                foreach (var chunk in content.ToChunks())
                {
                    yield return Update(message, chunk);
                }
            }
        }

        var end = Update(last, new UsageContent(NothingBilled()));
        end.FinishReason = FinishReason;
        if (CopyProperties() is { } properties)
        {
            // Without a message id, properties count as the response's.
            yield return end;
            end = new ChatResponseUpdate
            {
                ResponseId = ResponseId,
                ModelId = ModelId,
                AdditionalProperties = properties,
            };
        }

        yield return end;
    }

    private static UsageDetails NothingBilled() =>
        new()
        {
            InputTokenCount = 0,
            OutputTokenCount = 0,
            TotalTokenCount = 0,
        };

    private ChatResponseUpdate Update(RecordedMessage? message, AIContent content) =>
        new(message?.Role ?? ChatRole.Assistant, [content])
        {
            AuthorName = message?.AuthorName,
            MessageId = message?.MessageId,
            ResponseId = ResponseId,
            ModelId = ModelId,
            CreatedAt = CreatedAt,
        };

    private AdditionalPropertiesDictionary? CopyProperties() => Properties.Count == 0 ? null : new(Properties);
}
