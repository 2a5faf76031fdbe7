using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>How much the blocks of a conversation matter to its question: by words, by meaning where there are embeddings, and by what lies around.</summary>
internal sealed class BlockScorer(MeaningRelevance? meaning)
{
    /// <summary>What the neighbours of a block add falls to 1/e over so many tokens.</summary>
    private const double WordReach = 136;

    private const double MeaningReach = 100;

    /// <summary>A pause in the conversation: what was said before it is another matter.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromHours(2);

    /// <summary>The scores of blocks with those of their neighbours, and by themselves; 0 for pinned ones.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="facts">Of each message.</param>
    /// <param name="blocks">All blocks.</param>
    /// <param name="call">What embeddings are billed to; null for none.</param>
    /// <param name="cancellationToken">Cancels waiting for embeddings.</param>
    public async ValueTask<(double[] Scores, double[] Own)> ScoreAsync(
        IReadOnlyList<ChatMessage> messages,
        MessageFacts[] facts,
        List<ContextBlock> blocks,
        CallContext? call,
        CancellationToken cancellationToken
    )
    {
        // Pinned blocks are kept whatever their score: they neither count as documents nor lend to their neighbours.
        var old = blocks.Where(block => !block.IsPinned).ToList();
        var scores = new double[blocks.Count];
        var asked = QuestionIn(messages);
        if (asked < 0 || old.Count == 0)
        {
            return (scores, scores);
        }

        var question = SearchText.Of(messages[asked]);
        var texts = old.ConvertAll(block => SearchText.Of(block, messages)).ToArray();
        var words = new double[old.Count];
        WordRelevance.Score(question, texts, words);
        Scores.Standardize(words);
        var reach = WordReach;
        if (
            meaning is not null
            && await meaning.ScoreAsync(messages, facts, asked, old, call, cancellationToken).ConfigureAwait(false) is { } meanings
        )
        {
            reach = MeaningReach;
            for (var i = 0; i < words.Length; i++)
            {
                words[i] += meanings[i];
            }
        }

        var combined = (double[])words.Clone();
        Scores.AddNeighbors(combined, [.. old.Select(block => block.Tokens)], Pauses(old, messages), reach);
        Authors.AddTo(question, [.. old.Select(block => messages[block.FirstMessage].AuthorName)], texts, combined);
        var own = new double[blocks.Count];
        for (int block = 0, i = 0; block < blocks.Count; block++)
        {
            if (!blocks[block].IsPinned)
            {
                (scores[block], own[block]) = (combined[i], words[i]);
                i++;
            }
        }

        return (scores, own);
    }

    private static int QuestionIn(IReadOnlyList<ChatMessage> messages)
    {
        var index = messages.Count - 1;
        while (index >= 0 && messages[index].Role != ChatRole.User)
        {
            index--;
        }

        return index;
    }

    private static bool[] Pauses(List<ContextBlock> blocks, IReadOnlyList<ChatMessage> messages)
    {
        var pauses = new bool[blocks.Count];
        for (var i = 1; i < pauses.Length; i++)
        {
            var gap = messages[blocks[i].FirstMessage].CreatedAt - messages[blocks[i - 1].FirstMessage].CreatedAt;
            pauses[i] = gap > Pause;
        }

        return pauses;
    }
}
