using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>Finds long texts that a conversation has more than once: the same document, the same result of a tool.</summary>
internal sealed class Repetitions
{
    public const string Reference = "[The same text as in an earlier message.]";
    public const string ReferenceToLater = "[The same text as in a later message.]";

    /// <summary>Shorter texts are not worth a reference.</summary>
    private const int MinCharacters = 200;

    private readonly Dictionary<string, List<int>> _blocksOf = new(StringComparer.Ordinal);

    public Repetitions(List<ContextBlock> blocks, IReadOnlyList<ChatMessage> messages)
    {
        for (var block = 0; block < blocks.Count; block++)
        {
            foreach (var message in blocks[block].Messages)
            {
                foreach (var content in messages[message].Contents)
                {
                    if (TextOf(content) is not { Length: >= MinCharacters } text)
                    {
                        continue;
                    }

                    if (!_blocksOf.TryGetValue(text, out var having))
                    {
                        _blocksOf.Add(text, having = []);
                    }

                    having.Add(block);
                }
            }
        }

        foreach (var text in _blocksOf.Where(pair => pair.Value.Count < 2).Select(pair => pair.Key).ToList())
        {
            _blocksOf.Remove(text);
        }
    }

    public bool Any => _blocksOf.Count > 0;

    /// <summary>
    /// The messages that are kept, with references in place of repetitions. What is pinned stays as it is, and what is repeated stays where it was said
    /// first among what is kept.
    /// </summary>
    /// <param name="blocks">All blocks.</param>
    /// <param name="sent">By message: what is to be sent, null for what is left out; changed.</param>
    /// <returns>Whether anything was replaced.</returns>
    public bool Replace(List<ContextBlock> blocks, ChatMessage?[] sent)
    {
        var isReplaced = false;
        foreach (var (text, having) in _blocksOf)
        {
            var kept = having.Where(block => sent[blocks[block].FirstMessage] is not null).ToList();
            var original = kept.FindIndex(block => blocks[block].IsPinned);
            original = Math.Max(original, 0);
            for (var number = 0; number < kept.Count; number++)
            {
                var block = blocks[kept[number]];
                if (number == original || block.IsPinned || kept[number] == kept[original])
                {
                    continue;
                }

                var reference = number > original ? Reference : ReferenceToLater;
                foreach (var message in block.Messages)
                {
                    if (sent[message] is { } had && ShortenedMessage.With(had, content => Refer(content, text, reference)) is { } copy)
                    {
                        sent[message] = copy;
                        isReplaced = true;
                    }
                }
            }
        }

        return isReplaced;
    }

    private static AIContent? Refer(AIContent content, string text, string reference) =>
        content switch
        {
            FunctionResultContent result when SearchText.ResultOf(result) == text => new FunctionResultContent(result.CallId, reference),
            TextContent had when had.Text == text => new TextContent(reference),
            _ => null,
        };

    private static string? TextOf(AIContent content) =>
        content switch
        {
            TextContent text => text.Text,
            FunctionResultContent result => SearchText.ResultOf(result),
            _ => null,
        };
}
