using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>Chooses what is kept: pinned blocks, the last ones, then by score what fits, longest results shortened.</summary>
internal sealed class BlockSelection
{
    /// <summary>How many blocks that do not fit whole are tried shortened.</summary>
    private const int MaxShortened = 32;

    private readonly List<ContextBlock> _blocks;
    private readonly IReadOnlyList<ChatMessage> _messages;
    private readonly MessageFacts[] _facts;
    private readonly ContextTrimmingSettings _settings;
    private readonly Func<ChatMessage, int> _count;

    public BlockSelection(
        List<ContextBlock> blocks,
        IReadOnlyList<ChatMessage> messages,
        MessageFacts[] facts,
        ContextTrimmingSettings settings,
        Func<ChatMessage, int> count
    )
    {
        _blocks = blocks;
        _messages = messages;
        _facts = facts;
        _settings = settings;
        _count = count;
        Sent = new ChatMessage?[messages.Count];
        Tokens = new int[messages.Count];
        Fates = new BlockFate[blocks.Count];
        Array.Fill(Fates, BlockFate.LeftOut);
    }

    /// <summary>By message: what is sent in its place; null for what is left out.</summary>
    public ChatMessage?[] Sent { get; }

    /// <summary>By message: its tokens as sent.</summary>
    public int[] Tokens { get; }

    public BlockFate[] Fates { get; }

    public int Total { get; private set; }

    /// <summary>Chooses.</summary>
    /// <param name="scores">Of each block.</param>
    /// <param name="target">The tokens that all messages together may have.</param>
    public void Choose(ReadOnlySpan<double> scores, int target)
    {
        for (var block = 0; block < _blocks.Count; block++)
        {
            if (_blocks[block].IsPinned)
            {
                Take(block, BlockFate.Pinned);
            }
        }

        TakeRecent(target);
        var order = Order(scores);
        TakeByScore(order, target);
        BeginWithUser(order, target);

        // When it is certain which of the texts stay. What that saves is room for more.
        if (Repetitions.Replace(_blocks, Sent))
        {
            Recount();
            TakeByScore(order, target, from: FirstTurn(sentOnly: true));
            if (Repetitions.Replace(_blocks, Sent))
            {
                Recount();
            }
        }
    }

    private int[] Order(ReadOnlySpan<double> scores)
    {
        var order = new int[_blocks.Count];
        var keys = new double[_blocks.Count];
        for (var block = 0; block < order.Length; block++)
        {
            (order[block], keys[block]) = (block, scores[block]);
        }

        // Of equal ones the later first.
        Array.Sort(order, (a, b) => keys[a] != keys[b] ? keys[b].CompareTo(keys[a]) : b.CompareTo(a));
        return order;
    }

    private void TakeRecent(int target)
    {
        var room = Math.Min(target - Total, target / 4);
        var left = _settings.RecentMessages;
        for (var block = _blocks.Count - 1; block >= 0 && left > 0; block--)
        {
            if (_blocks[block].IsPinned)
            {
                continue;
            }

            if (_blocks[block].Tokens > room)
            {
                break;
            }

            room -= _blocks[block].Tokens;
            left -= _blocks[block].Messages.Count;
            Take(block, BlockFate.Recent);
        }
    }

    private void TakeByScore(int[] order, int target, int from = 0)
    {
        var tried = 0;
        foreach (var block in order)
        {
            if (Fates[block] != BlockFate.LeftOut || block < from)
            {
                continue;
            }

            // Long results are shortened anyway, other long messages only where they do not fit.
            var fits = Total + _blocks[block].Tokens <= target;
            if (_blocks[block].Tokens > _settings.ShortenAbove && tried < MaxShortened)
            {
                tried++;
                if (Shorten(block, resultsOnly: fits) is { } shortened && Total + shortened.Total <= target)
                {
                    Take(block, shortened);
                    continue;
                }
            }

            if (fits)
            {
                Take(block, BlockFate.Relevant);
            }
        }
    }

    private void Take(int block, BlockFate fate)
    {
        Fates[block] = fate;
        foreach (var message in _blocks[block].Messages)
        {
            Set(message, _messages[message], _facts[message].Tokens);
        }
    }

    private void Take(int block, (ChatMessage[] Messages, int[] Tokens, int Total) shortened)
    {
        Fates[block] = BlockFate.Shortened;
        for (var i = 0; i < shortened.Messages.Length; i++)
        {
            Set(_blocks[block].Messages[i], shortened.Messages[i], shortened.Tokens[i]);
        }
    }

    private void Drop(int block)
    {
        Fates[block] = BlockFate.LeftOut;
        foreach (var message in _blocks[block].Messages)
        {
            Set(message, null, 0);
        }
    }

    private void Set(int message, ChatMessage? sent, int tokens)
    {
        Total += tokens - Tokens[message];
        (Sent[message], Tokens[message]) = (sent, tokens);
    }

    private (ChatMessage[] Messages, int[] Tokens, int Total)? Shorten(int block, bool resultsOnly)
    {
        var messages = new ChatMessage[_blocks[block].Messages.Count];
        var tokens = new int[messages.Length];
        var total = 0;
        var isShortened = false;
        for (var i = 0; i < messages.Length; i++)
        {
            var message = _blocks[block].Messages[i];
            var shorter = ShortenedMessage.Of(_messages[message], _settings.ShortenedCharacters, resultsOnly);
            isShortened |= shorter is not null;
            messages[i] = shorter ?? _messages[message];
            tokens[i] = shorter is null ? _facts[message].Tokens : _count(shorter);
            total += tokens[i];
        }

        return isShortened && total < _blocks[block].Tokens ? (messages, tokens, total) : null;
    }

    private void Recount()
    {
        for (var message = 0; message < Sent.Length; message++)
        {
            if (Sent[message] is { } sent && !ReferenceEquals(sent, _messages[message]))
            {
                Set(message, sent, _count(sent));
            }
        }
    }

    /// <summary>
    /// Some providers refuse a conversation that begins with the assistant: where the app's began with the user, what is sent does too.
    /// </summary>
    private void BeginWithUser(int[] order, int target)
    {
        var first = FirstTurn(sentOnly: false);
        if (first < 0 || _messages[_blocks[first].FirstMessage].Role != ChatRole.User)
        {
            return;
        }

        while (FirstTurn(sentOnly: true) is var block and >= 0 && _messages[_blocks[block].FirstMessage].Role != ChatRole.User)
        {
            var user = block - 1;
            while (user >= 0 && _messages[_blocks[user].FirstMessage].Role != ChatRole.User)
            {
                user--;
            }

            // What matters least makes room, unless it is for too much.
            var isWorthRoom = user >= 0 && _blocks[user].Tokens <= target / 8;
            for (var rank = order.Length - 1; isWorthRoom && rank >= 0 && Total + _blocks[user].Tokens > target; rank--)
            {
                if (order[rank] != block && Fates[order[rank]] is (BlockFate.Relevant or BlockFate.Shortened))
                {
                    Drop(order[rank]);
                }
            }

            if (user >= 0 && Total + _blocks[user].Tokens <= target)
            {
                Take(user, BlockFate.Relevant);
            }
            else if (_blocks[block].IsPinned)
            {
                return;
            }
            else
            {
                Drop(block);
            }
        }
    }

    private int FirstTurn(bool sentOnly) =>
        _blocks.FindIndex(block =>
            !BlockBuilder.IsInstruction(_messages[block.FirstMessage].Role) && (!sentOnly || Sent[block.FirstMessage] is not null)
        );
}
