using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>What was sent of a conversation in its last call. Immutable.</summary>
/// <param name="Sent">By message of the app: the copy that was sent in its place; null for itself.</param>
/// <param name="Tokens">By message: what was sent of it, 0 for what was left out.</param>
/// <param name="IsTrimmed">Whether anything was left out or changed.</param>
/// <param name="SentTimestamp">When.</param>
/// <param name="Summary">What was told of the rest; null for nothing.</param>
/// <param name="SummaryAt">The message before which that stood.</param>
/// <param name="LateSummary">One that was not there in time; null for none.</param>
internal sealed record SentPlan(
    ChatMessage?[] Sent,
    int[] Tokens,
    bool IsTrimmed,
    long SentTimestamp,
    ConversationSummary? Summary = null,
    int SummaryAt = 0,
    LateSummary? LateSummary = null
)
{
    public int Messages => Tokens.Length;

    /// <summary>The summary that knows the most.</summary>
    public ConversationSummary? LatestSummary => LateSummary?.Made ?? Summary;

    public bool IsLeftOut(int message) => Tokens[message] == 0;

    public static SentPlan Of(Draft draft, IReadOnlyList<ChatMessage> messages, long timestamp, LateSummary? late)
    {
        var copies = new ChatMessage?[draft.Sent.Length];
        for (var i = 0; i < copies.Length; i++)
        {
            copies[i] = ReferenceEquals(draft.Sent[i], messages[i]) ? null : draft.Sent[i];
        }

        return new SentPlan(copies, draft.Tokens, draft.IsTrimmed, timestamp, draft.Summary, draft.SummaryAt, late);
    }

    /// <summary>What is sent when what was sent stays, and what is new is added. A summary that was late comes after what was sent.</summary>
    public Draft GoOn(IReadOnlyList<ChatMessage> messages, MessageFacts[] facts, List<ContextBlock> blocks)
    {
        ChatMessage?[] sent = [.. messages];
        var tokens = Array.ConvertAll(facts, fact => fact.Tokens);
        for (var message = 0; message < Messages; message++)
        {
            tokens[message] = Tokens[message];
            sent[message] = IsLeftOut(message) ? null : Sent[message] ?? sent[message];
        }

        if (Summary is null && LateSummary?.Made is { } late && SummaryPlacement.FirstFrom(Messages, blocks, sent) is var place and >= 0)
        {
            return new Draft(sent, tokens, IsTrimmed, late, place);
        }

        return new Draft(sent, tokens, IsTrimmed, Summary, SummaryAt);
    }

    /// <summary>The tokens at the beginning that are the same as were sent.</summary>
    public int CountSame(Draft draft, IReadOnlyList<ChatMessage> messages)
    {
        var same = 0;
        for (var message = 0; message < Messages; message++)
        {
            var summary = SummaryAt == message ? Summary : null;
            var isAsBefore = summary == (draft.SummaryAt == message ? draft.Summary : null);
            if (!isAsBefore || !IsAsBefore(message, draft, messages[message]))
            {
                return same;
            }

            same += draft.Tokens[message] + (summary?.Tokens ?? 0);
        }

        return same;
    }

    private bool IsAsBefore(int message, Draft draft, ChatMessage original)
    {
        var sent = draft.Sent[message];
        return IsLeftOut(message)
            ? sent is null
            : Tokens[message] == draft.Tokens[message] && ReferenceEquals(sent, original) == (Sent[message] is null);
    }
}
