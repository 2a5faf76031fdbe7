using ConsoleReplay.Recorded;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Semantic;

/// <summary>
/// Compares what the semantic cache served with what the provider would have answered. Only a replay of questions with known answers can: an
/// app sees a hit, not whether it is right. Safe for concurrent use.
/// </summary>
internal sealed class HitCheck(IAnswerSource truth)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, bool> _isWrongByQuestion = new(StringComparer.Ordinal);
    private long _hits;
    private long _wrongHits;

    /// <param name="messages">What was asked.</param>
    /// <param name="options">The options that it was asked with.</param>
    /// <param name="answer">What the app got.</param>
    /// <param name="record">The record of the call; only hits of the semantic cache count.</param>
    public void Add(IReadOnlyList<ChatMessage> messages, ChatOptions? options, string answer, CallRecord? record)
    {
        if (record?.ServedBy != CostStages.SemanticCache || record.SemanticMatch is null)
            return;

        var isWrong = answer != truth.Find(messages, options).Message.Text;
        lock (_gate)
        {
            _hits++;
            _wrongHits += isWrong ? 1 : 0;
            var question = messages[^1].Text;
            _isWrongByQuestion[question] = isWrong || _isWrongByQuestion.GetValueOrDefault(question);
        }
    }

    /// <summary>All hits so far.</summary>
    public CheckedHits OfCalls
    {
        get
        {
            lock (_gate)
            {
                return new CheckedHits(_hits, _wrongHits);
            }
        }
    }

    /// <summary>The same with each question counted once, as wrong if it ever was.</summary>
    public CheckedHits OfQuestions
    {
        get
        {
            lock (_gate)
            {
                return new CheckedHits(_isWrongByQuestion.Count, _isWrongByQuestion.Values.Count(isWrong => isWrong));
            }
        }
    }
}
