using LlmThrift.Tokens;

namespace ConsoleReplay.Recorded;

/// <summary>Cuts a text into its tokens, as a provider streams it. Joined, the pieces are the text.</summary>
internal static class TokenChunks
{
    public static List<string> Split(string text)
    {
        var tokens = BytePairEncoding.O200kBase.Encode(text);
        var chunks = new List<string>(tokens.Length);
        var (start, position) = (0, 0);
        for (var end = 1; end <= tokens.Length; end++)
        {
            // A character may be spread over several tokens; they go out together.
            var piece = BytePairEncoding.O200kBase.Decode(tokens.AsSpan(start..end));
            if (text.AsSpan(position).StartsWith(piece, StringComparison.Ordinal))
            {
                chunks.Add(piece);
                position += piece.Length;
                start = end;
            }
        }

        if (position < text.Length)
            chunks.Add(text[position..]);
        return chunks;
    }
}
