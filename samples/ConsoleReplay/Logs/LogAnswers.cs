using ConsoleReplay.Recorded;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Logs;

/// <summary>
/// Answers the calls of a log as the log records it. Equal requests get their recorded answers in turn, so that a replay in which every
/// call reaches the provider is billed what the log was billed. Where the log has none, the answer is synthetic.
/// </summary>
internal sealed class LogAnswers : IAnswerSource
{
    private readonly Dictionary<RequestKey, Turns> _byRequest = [];
    private readonly Dictionary<RequestKey, Turns> _byMessages = [];
    private readonly int _assumedOutputTokens;

    /// <param name="calls">The calls of the log.</param>
    /// <param name="assumedOutputTokens">The length of an answer that the log does not hold, in tokens.</param>
    public LogAnswers(IEnumerable<LoggedCall> calls, int assumedOutputTokens)
    {
        _assumedOutputTokens = assumedOutputTokens;
        foreach (var logged in calls)
        {
            if (logged.Answer is not { } answer)
                continue;
            Add(_byRequest, RequestKey.OfMessages(logged.Call.Messages, logged.Call.Options.ModelId), answer);
            Add(_byMessages, RequestKey.OfMessages(logged.Call.Messages), answer);
        }
    }

    public RecordedAnswer Find(IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        if (_byRequest.TryGetValue(RequestKey.OfMessages(messages, options?.ModelId), out var turns))
            return turns.Next();
        // The same conversation, put to another model than in the log.
        if (_byMessages.TryGetValue(RequestKey.OfMessages(messages), out turns))
            return turns.Next() with { ModelId = null };
        return new RecordedAnswer
        {
            Message = SyntheticAnswer.OfLength(Math.Min(_assumedOutputTokens, options?.MaxOutputTokens ?? int.MaxValue)),
            IsSynthetic = true,
        };
    }

    private static void Add(Dictionary<RequestKey, Turns> answers, RequestKey key, RecordedAnswer answer)
    {
        if (!answers.TryGetValue(key, out var turns))
            answers.Add(key, turns = new Turns());
        turns.Add(answer);
    }

    private sealed class Turns
    {
        private readonly List<RecordedAnswer> _answers = [];
        private int _next = -1;

        public void Add(RecordedAnswer answer) => _answers.Add(answer);

        public RecordedAnswer Next() => _answers[(int)((uint)Interlocked.Increment(ref _next) % (uint)_answers.Count)];
    }
}
