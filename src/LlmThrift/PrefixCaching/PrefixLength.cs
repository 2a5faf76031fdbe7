using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.PrefixCaching;

/// <summary>Whether a prefix is long enough to be cached. Tokens are counted only where the number of characters leaves it open.</summary>
internal static class PrefixLength
{
    /// <summary>No language has this many characters a token; a text that does is blank, and a mark on it does no harm.</summary>
    private const int MostCharactersPerToken = 8;

    public static bool IsAtLeast(int tokens, IReadOnlyList<ChatMessage> messages, int count, ChatOptions options, string? model)
    {
        long characters = 0;
        for (var index = 0; index < count; index++)
        {
            var contents = messages[index].Contents;
            for (var part = 0; part < contents.Count; part++)
            {
                characters += contents[part] is TextContent text ? text.Text.Length : 0;
            }

            if (characters >= (long)tokens * MostCharactersPerToken)
            {
                return true;
            }
        }

        var tools = new ChatOptions { Tools = options.Tools };
        return RequestTokenCounter.Default.CountRequest(messages.Take(count), tools, model).Tokens >= tokens;
    }
}
