using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>The summary of a conversation: what it is made of, and when it is made anew. A new one is made of the one before and of what it does not tell yet.</summary>
internal sealed class RollingSummary(Summarizer summarizer, MessageMemory memory, TimeProvider clock)
{
    public const string Heading = "[Summary of earlier messages, which are not sent along:]";

    /// <summary>Shorter ones tell too little.</summary>
    private const int LeastTokens = 50;

    /// <summary>A summary of less than this many times its own tokens is not worth a call.</summary>
    private const int LeastRatio = 2;

    /// <summary>Of the heading, and of a message.</summary>
    private const int Overhead = 20;

    /// <summary>The tokens of the target that are kept free for a summary.</summary>
    public int Reserve(int target) =>
        Math.Min(summarizer.MaxTokens + Overhead, target / 4) is var tokens and >= LeastTokens + Overhead ? tokens : 0;

    /// <summary>What there is to tell; null for nothing.</summary>
    /// <param name="earlier">The summary so far; null for none.</param>
    /// <param name="sent">By message: what is to be sent, null for what is left out.</param>
    /// <param name="facts">Of each message.</param>
    /// <param name="reserve">The tokens that are free for it.</param>
    public Telling? Plan(ConversationSummary? earlier, ChatMessage?[] sent, MessageFacts[] facts, int reserve)
    {
        var more = new List<int>();
        var covered = new bool[sent.Length];
        var isNeeded = false;
        for (var message = 0; message < sent.Length; message++)
        {
            covered[message] = earlier?.Covers(message) == true;
            isNeeded |= covered[message] && sent[message] is null;
            if (sent[message] is null && !covered[message])
            {
                more.Add(message);
            }
        }

        var tokens = more.Sum(message => facts[message].Tokens);
        if (reserve == 0 || tokens < LeastRatio * reserve)
        {
            return isNeeded && earlier!.Tokens <= reserve ? new Telling(earlier, earlier, [], earlier.Covered, reserve, 0m) : null;
        }

        foreach (var message in more)
        {
            covered[message] = true;
        }

        // Until it is made, as long as it may be.
        var expected = new ConversationSummary("", new ChatMessage(ChatRole.User, ""), reserve, covered);
        return new Telling(expected, earlier, more, covered, reserve, summarizer.CostOf(tokens + (earlier?.Tokens ?? 0)));
    }

    /// <summary>Makes what was planned.</summary>
    /// <returns>The summary, or null and one that comes late.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async ValueTask<(ConversationSummary? Made, LateSummary? Late)> MakeAsync(
        Telling telling,
        IReadOnlyList<ChatMessage> messages,
        MessageFacts[] facts,
        string? modelId,
        CallContext? call,
        CancellationToken cancellationToken
    )
    {
        if (telling.More.Count == 0)
        {
            return (telling.Expected, null);
        }

        var items = telling.More.ConvertAll(message => (messages[message], facts[message].Tokens));
        var summary = new LateSummary();
        var isInTime = await HelperWork
            .RunAsync(
                async ledger =>
                {
                    var text = await summarizer
                        .SummarizeAsync(telling.Earlier?.Text, items, telling.Reserve - Overhead, ledger)
                        .ConfigureAwait(false);
                    summary.Made = text is null ? null : Of(text, telling.Covered, modelId);
                },
                call,
                summarizer.Timeout,
                clock,
                cancellationToken
            )
            .ConfigureAwait(false);
        return isInTime ? (summary.Made, null) : (null, summary);
    }

    private ConversationSummary Of(string text, bool[] covered, string? modelId)
    {
        var message = new ChatMessage(ChatRole.User, $"{Heading}\n{text}");
        return new ConversationSummary(text, message, memory.Of([message], modelId).Tokens, covered);
    }

    /// <summary>What a summary is to tell.</summary>
    /// <param name="Expected">The summary that is there already, or one to reckon with until it is made.</param>
    /// <param name="Earlier">The summary so far; null for none.</param>
    /// <param name="More">The messages that it does not tell yet.</param>
    /// <param name="Covered">By message: whether it will be told.</param>
    /// <param name="Reserve">Its tokens at most.</param>
    /// <param name="Cost">Of making it, in millionths of a USD.</param>
    internal sealed record Telling(
        ConversationSummary Expected,
        ConversationSummary? Earlier,
        List<int> More,
        bool[] Covered,
        int Reserve,
        decimal Cost
    );
}
