using System.Text;
using System.Text.Json;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>Records an answer, whole or as it streams in, and says whether it may be stored.</summary>
internal sealed class ResponseRecorder
{
    private readonly List<RecordedMessage> _messages = [];
    private readonly List<RecordedContent> _contents = [];
    private readonly StringBuilder _text = new();
    private readonly List<int> _ends = [];
    private readonly Dictionary<string, object?> _properties = [];
    private RecordedContentKind _openKind;
    private string? _openProtectedData;
    private UsageDetails? _usage;
    private ChatRole? _role;
    private string? _author;
    private string? _messageId;
    private string? _responseId;
    private string? _modelId;
    private DateTimeOffset? _createdAt;
    private ChatFinishReason? _finishReason;
    private bool _isStream;
    private string? _obstacle;
    private bool _isUnrecordable;

    /// <summary>The usage that the provider reported, each count at its highest; null for none.</summary>
    public UsageDetails? Usage => _usage;

    public string? ModelId => _modelId;

    /// <summary>What was answered, for counting.</summary>
    public IEnumerable<AIContent> Contents => _messages.SelectMany(m => m.Contents).Select(c => c.ToContent());

    public void Add(ChatResponseUpdate update)
    {
        _isStream = true;
        if (
            (_contents.Count > 0 || _openKind != RecordedContentKind.None)
            && (
                IsAnother(update.AuthorName, _author)
                || IsAnother(update.MessageId, _messageId)
                || (update.Role is { } role && _role is { } before && role != before)
            )
        )
        {
            EndMessage();
        }

        _role = update.Role ?? _role;
        _author = update.AuthorName ?? _author;
        _messageId = update.MessageId ?? _messageId;
        AddHeader(update.ResponseId, update.ModelId, update.CreatedAt, update.FinishReason, update.AdditionalProperties);
        NoteState(update.ConversationId, update.ContinuationToken);
        foreach (var content in update.Contents)
        {
            Add(content);
        }
    }

    public void Add(ChatResponse response)
    {
        AddHeader(response.ResponseId, response.ModelId, response.CreatedAt, response.FinishReason, response.AdditionalProperties);
        NoteState(response.ConversationId, response.ContinuationToken);
        if (response.Usage is { } usage)
        {
            UsageMerger.RaiseTo(_usage ??= new UsageDetails(), usage);
        }

        foreach (var message in response.Messages)
        {
            (_role, _author, _messageId) = (message.Role, message.AuthorName, message.MessageId);
            foreach (var content in message.Contents)
            {
                EndText();
                Add(content);
            }

            EndMessage();
        }
    }

    /// <summary>The recorded answer; null when it holds something that cannot be replayed.</summary>
    public RecordedResponse? Finish(
        TokenUsage usage,
        bool isUsageEstimated,
        string? provider,
        string? pricedModel,
        DateTimeOffset requestedAt,
        IReadOnlyList<string> tags
    )
    {
        EndMessage();
        return _isUnrecordable
            ? null
            : new RecordedResponse
            {
                Messages = [.. _messages],
                ResponseId = _responseId,
                ModelId = _modelId,
                CreatedAt = _createdAt,
                FinishReason = _finishReason,
                Properties = [.. _properties],
                Provider = provider,
                PricedModel = pricedModel,
                Usage = usage,
                IsUsageEstimated = isUsageEstimated,
                RequestedAt = requestedAt,
                Tags = tags,
            };
    }

    /// <summary>Why the answer must not be stored; null when it is complete and finished normally.</summary>
    public string? ObstacleToStoring()
    {
        EndMessage();
        if (_obstacle is not null)
        {
            return _obstacle;
        }

        if (!_messages.Exists(m => m.Contents.Any(c => c.Kind == RecordedContentKind.Json || c.Text.Length > 0)))
        {
            return "empty_answer";
        }

        // A whole response is complete by its nature; a stream that ends without saying so may have been cut off.
        return _finishReason is { } reason
            ? reason == ChatFinishReason.Stop || reason == ChatFinishReason.ToolCalls
                ? null
                : "finish_" + reason.Value
            : _isStream
                ? "no_finish_reason"
                : null;
    }

    private static bool IsAnother(string? value, string? before) =>
        value is { Length: > 0 } && before is { Length: > 0 } && value != before;

    private void AddHeader(
        string? responseId,
        string? modelId,
        DateTimeOffset? createdAt,
        ChatFinishReason? finishReason,
        AdditionalPropertiesDictionary? properties
    )
    {
        _responseId = responseId ?? _responseId;
        _modelId = modelId ?? _modelId;
        _createdAt ??= createdAt;
        _finishReason = finishReason ?? _finishReason;
        if (properties is null)
        {
            return;
        }

        foreach (var (name, value) in properties)
        {
            if (value is null or string or bool or int or long or double or JsonElement)
            {
                _properties[name] = value is JsonElement element ? element.Clone() : value;
            }
        }
    }

    private void NoteState(string? conversationId, ResponseContinuationToken? continuationToken)
    {
        if (conversationId is not null)
        {
            _obstacle ??= "response_conversation_id";
        }

        if (continuationToken is not null)
        {
            _obstacle ??= "response_continuation_token";
        }
    }

    private void Add(AIContent content)
    {
        switch (content)
        {
            case UsageContent usage:
                UsageMerger.RaiseTo(_usage ??= new UsageDetails(), usage.Details);
                break;
            case TextContent text when IsPlain(text):
                AddText(RecordedContentKind.Text, text.Text, null);
                break;
            case TextReasoningContent reasoning when IsPlain(reasoning):
                AddText(RecordedContentKind.Reasoning, reasoning.Text, reasoning.ProtectedData);
                break;
            default:
                AddOther(content);
                break;
        }
    }

    private static bool IsPlain(AIContent content) =>
        content.Annotations is not { Count: > 0 } && content.AdditionalProperties is not { Count: > 0 };

    private void AddText(RecordedContentKind kind, string text, string? protectedData)
    {
        if (_openKind != kind || _openProtectedData is not null)
        {
            EndText();
            _openKind = kind;
        }
        else
        {
            _ends.Add(_text.Length);
        }

        _text.Append(text);
        _openProtectedData = protectedData;
    }

    private void AddOther(AIContent content)
    {
        EndText();
        if (content is ErrorContent)
        {
            _obstacle ??= "error_content";
        }

        try
        {
            _contents.Add(RecordedContent.FromOther(content));
        }
        catch (Exception exception) when (exception is NotSupportedException or JsonException or InvalidOperationException)
        {
            _isUnrecordable = true;
            _obstacle ??= "unsupported_content";
        }
    }

    private void EndText()
    {
        if (_openKind == RecordedContentKind.None)
        {
            return;
        }

        int[]? ends = _ends.Count > 0 ? [.. _ends] : null;
        _contents.Add(
            _openKind == RecordedContentKind.Text
                ? RecordedContent.OfText(_text.ToString(), ends)
                : RecordedContent.OfReasoning(_text.ToString(), _openProtectedData, ends)
        );
        _openKind = RecordedContentKind.None;
        _openProtectedData = null;
        _text.Clear();
        _ends.Clear();
    }

    private void EndMessage()
    {
        EndText();
        if (_contents.Count > 0)
        {
            _messages.Add(new RecordedMessage(_role ?? ChatRole.Assistant, _author, _messageId, [.. _contents]));
            _contents.Clear();
        }

        (_role, _author, _messageId) = (null, null, null);
    }
}
