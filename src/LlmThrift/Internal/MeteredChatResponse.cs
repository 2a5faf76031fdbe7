using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>
/// A response that knows its record. A subclass, not an additional property: properties are serialised when an app sends a response on, and
/// what a call cost is not for everybody's eyes.
/// </summary>
internal sealed class MeteredChatResponse : ChatResponse
{
    /// <summary>The record, or until there is one, the match that it will hold.</summary>
    private object? _known;

    public MeteredChatResponse(IList<ChatMessage> messages, SemanticMatch? match = null)
        : base(messages)
    {
        _known = match;
    }

    public CallRecord? Record
    {
        get => _known as CallRecord;
        set => _known = value ?? _known;
    }

    /// <summary>How the semantic cache found the answer; null when it did not.</summary>
    public SemanticMatch? Match => _known as SemanticMatch ?? Record?.SemanticMatch;

    /// <summary>
    /// The response with a place for its record. The provider's own object is not written to: some clients hand out one object many times.
    /// A type of the provider's own passes as it is.
    /// </summary>
    public static ChatResponse Wrap(ChatResponse response) =>
        response is MeteredChatResponse || response.GetType() != typeof(ChatResponse)
            ? response
            : new MeteredChatResponse(response.Messages)
            {
                AdditionalProperties = response.AdditionalProperties,
                ContinuationToken = response.ContinuationToken,
                ConversationId = response.ConversationId,
                CreatedAt = response.CreatedAt,
                FinishReason = response.FinishReason,
                ModelId = response.ModelId,
                RawRepresentation = response.RawRepresentation,
                ResponseId = response.ResponseId,
                Usage = response.Usage,
            };
}
