using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits.Answering;

/// <summary>
/// Makes one stream of several: updates bear the ids of the first attempt, and its end and usage, which are not the answer's, are kept back for one
/// update at the close. Updates that say nothing yet wait, so that an empty attempt can be replaced unseen.
/// </summary>
internal sealed class StitchedStream(AnswerProgress progress)
{
    private List<ChatResponseUpdate> _held = [];
    private List<ChatResponseUpdate>? _spare;
    private string? _messageId;
    private string? _responseId;
    private string? _modelId;

    /// <summary>Whether the caller gets the updates with end and usage taken out.</summary>
    private bool IsStitching => progress.MayContinue || (progress.HasRetried && _spare is not null);

    /// <summary>Takes an update that has come; null when it waits, else what to hand on after what has waited (<see cref="Release"/>).</summary>
    public ChatResponseUpdate? Pass(ChatResponseUpdate update)
    {
        progress.Add(update);
        var shown = Shown(update);
        if (progress.MayBeReplaced && !SaysSomething(update))
        {
            _held.Add(shown);
            return null;
        }

        progress.HasGoneOut = true;
        return shown;
    }

    /// <summary>The updates that have waited.</summary>
    public IReadOnlyList<ChatResponseUpdate> Release()
    {
        if (_held.Count == 0)
        {
            return [];
        }

        var released = _held;
        _held = [];
        return released;
    }

    /// <summary>Another attempt follows: what was kept of an empty one is not shown, unless the next one fails.</summary>
    public void Restart()
    {
        if (progress is { HasRetried: true, HasContinued: false })
        {
            (_spare, _held) = (_held, []);
            (_messageId, _responseId) = (null, null);
        }
    }

    /// <summary>The attempt under way failed; when it had shown nothing, what was kept of the one before is shown after all.</summary>
    public void BreakOff()
    {
        if (!progress.HasGoneOut && !progress.HasContinued && _spare is not null)
        {
            (_held, _spare) = (_spare, null);
        }
    }

    /// <summary>The updates with which the stream ends.</summary>
    public IReadOnlyList<ChatResponseUpdate> Close()
    {
        if (!IsStitching)
        {
            return Release();
        }

        _held.Add(
            new ChatResponseUpdate(ChatRole.Assistant, progress.Usage is { } usage ? [new UsageContent(usage)] : [])
            {
                FinishReason = progress.FinishReason,
                MessageId = _messageId,
                ResponseId = _responseId,
                ModelId = _modelId,
            }
        );
        return Release();
    }

    private ChatResponseUpdate Shown(ChatResponseUpdate update)
    {
        if (!IsStitching)
        {
            return update;
        }

        _messageId ??= update.MessageId;
        _responseId ??= update.ResponseId;
        _modelId = update.ModelId ?? _modelId;
        if (
            update.FinishReason is null
            && update.MessageId == _messageId
            && update.ResponseId == _responseId
            && !update.Contents.Any(static content => content is UsageContent)
        )
        {
            return update;
        }

        var shown = update.Clone();
        shown.FinishReason = null;
        shown.Contents = [.. update.Contents.Where(static content => content is not UsageContent)];
        if (progress.HasContinued)
        {
            (shown.MessageId, shown.ResponseId) = (_messageId, _responseId);
        }

        return shown;
    }

    private bool SaysSomething(ChatResponseUpdate update)
    {
        foreach (var content in update.Contents)
        {
            var isNothing = content switch
            {
                UsageContent => true,
                TextReasoningContent => progress.HoldsReasoning,
                TextContent text => string.IsNullOrWhiteSpace(text.Text),
                _ => false,
            };
            if (!isNothing)
            {
                return true;
            }
        }

        return false;
    }
}
